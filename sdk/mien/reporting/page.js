"use strict";
(() => {
  const facts = JSON.parse(document.getElementById("facts").textContent);
  const player = document.querySelector(".player");
  const plots = [...document.querySelectorAll(".plot")];
  document.documentElement.classList.add("scripted");
  if (!player) return;
  const video = player.querySelector("video");
  const canvas = player.querySelector("canvas");
  const pen = canvas.getContext("2d");
  const slider = player.querySelector("input");
  const clock = player.querySelector(".bar output");
  const play = player.querySelector("[data-do=play]");
  const sides = [...player.querySelectorAll(".side")];
  const { count, rate, start, beside, width, height, amplified } = facts;
  let frame = 0, wipe = 0.5, view = "wipe", loaded = false, wanted = null;

  // A film in a page is text; as a file of the browser's own it can be sought in everywhere.
  const text = atob(video.src.slice(video.src.indexOf(",") + 1));
  const bytes = Uint8Array.from(text, (one) => one.charCodeAt(0));
  video.removeAttribute("controls");
  video.hidden = true;
  canvas.hidden = false;
  for (const bar of player.querySelectorAll(".bar, .scrub")) bar.hidden = false;
  canvas.width = width;
  canvas.height = height;
  video.addEventListener("loadeddata", () => { loaded = true; document.body.dataset.ready = "yes"; seek(frame); });
  video.addEventListener("error", () => {
    player.querySelector(".unplayable").hidden = false;
    document.body.dataset.ready = "no";
  });
  video.src = URL.createObjectURL(new Blob([bytes], { type: "video/webm" }));

  const part = (which) => beside ? [which * width, 0, width, height] : [0, which * height, width, height];

  function draw() {
    if (!loaded) return;
    const wide = view === "beside";
    const size = wide ? 2 * width : width;
    if (canvas.width !== size) canvas.width = size;
    canvas.parentElement.style.setProperty("--aspect", size / height);
    pen.globalCompositeOperation = "source-over";
    if (wide) {
      pen.drawImage(video, ...part(0), 0, 0, width, height);
      pen.drawImage(video, ...part(1), width, 0, width, height);
    } else if (view === "difference") {
      pen.drawImage(video, ...part(0), 0, 0, width, height);
      pen.globalCompositeOperation = "difference";
      pen.drawImage(video, ...part(1), 0, 0, width, height);
      pen.globalCompositeOperation = "lighter";
      for (let times = 1; times < amplified; times *= 2) pen.drawImage(canvas, 0, 0);
    } else {
      const [x, y, w, h] = part(1);
      const at = Math.round(wipe * width);
      pen.drawImage(video, ...part(0), 0, 0, width, height);
      if (at < width) pen.drawImage(video, x + at, y, w - at, h, at, 0, width - at, height);
      pen.fillStyle = "#fff";
      pen.fillRect(at - 1, 0, 2, height);
      pen.beginPath();
      pen.arc(at, height * 0.85, Math.max(5, height / 60), 0, 7);
      pen.fill();
    }
    sides[0].hidden = view === "difference" || (view === "wipe" && wipe < 0.12);
    sides[1].hidden = view === "difference" || (view === "wipe" && wipe > 0.88);
    canvas.dataset.frame = start + frame;
    canvas.dataset.wipe = wipe.toFixed(3);
    canvas.dataset.view = view;
  }

  function tell() {
    slider.value = frame;
    slider.setAttribute("aria-valuetext", `frame ${start + frame}`);
    clock.textContent = `frame ${start + frame} · ${facts.times[frame]}`;
    const x = (frame + 0.5) * 1000 / count;
    for (const plot of plots) {
      const line = plot.querySelector(".now");
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
      const values = facts.values[plot.dataset.plot];
      plot.querySelector("output").replaceChildren(...Object.entries(values || {}).map(([name, all]) => {
        const one = document.createElement("span");
        one.className = one.title = name;
        one.textContent = all[frame] === null ? "–" : all[frame].toFixed(2);
        return one;
      }));
    }
  }

  function seek(to) {
    frame = Math.max(0, Math.min(count - 1, Math.round(to)));
    tell();
    if (!loaded) return;
    // One search at a time: a finger is faster than a decoder.
    if (video.seeking) { wanted = frame; return; }
    video.currentTime = (frame + 0.5) / rate;
  }

  video.addEventListener("seeked", () => {
    draw();
    if (wanted !== null && wanted !== Math.floor(video.currentTime * rate)) {
      video.currentTime = (wanted + 0.5) / rate;
    }
    wanted = null;
  });

  function follow() {
    if (video.paused || video.ended) return;
    frame = Math.min(count - 1, Math.floor(video.currentTime * rate));
    draw();
    tell();
    requestAnimationFrame(follow);
  }

  function toggle() {
    if (!loaded) return;
    if (video.paused) {
      if (frame >= count - 1) video.currentTime = 0;
      video.play();
    } else video.pause();
  }
  video.addEventListener("play", () => { play.textContent = "Pause"; requestAnimationFrame(follow); });
  video.addEventListener("pause", () => { play.textContent = "Play"; if (!video.ended) seek(frame); });

  function choose(name) {
    view = name;
    for (const button of player.querySelectorAll(".views button")) {
      button.setAttribute("aria-pressed", button.dataset.view === name);
    }
    draw();
  }

  function pull(event) {
    const box = canvas.getBoundingClientRect();
    wipe = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
    draw();
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (view !== "wipe") return;
    canvas.setPointerCapture(event.pointerId);
    pull(event);
  });
  canvas.addEventListener("pointermove", (event) => { if (view === "wipe" && event.buttons) pull(event); });
  slider.addEventListener("input", () => { video.pause(); seek(Number(slider.value)); });
  play.addEventListener("click", toggle);

  function jump(step) {
    const places = facts.troubles;
    if (!places.length) return;
    const next = step > 0 ? places.find((one) => one > frame) : places.findLast((one) => one < frame);
    video.pause();
    seek(next === undefined ? places[step > 0 ? 0 : places.length - 1] : next);
  }
  for (const button of player.querySelectorAll("[data-jump]")) {
    button.addEventListener("click", () => jump(Number(button.dataset.jump)));
  }
  for (const button of player.querySelectorAll(".views button")) {
    button.addEventListener("click", () => choose(button.dataset.view));
  }
  for (const plot of plots) {
    plot.querySelector("svg").addEventListener("click", (event) => {
      const box = event.currentTarget.getBoundingClientRect();
      video.pause();
      seek(Math.floor((event.clientX - box.left) / box.width * count));
    });
  }
  for (const link of document.querySelectorAll("a[data-frame]")) {
    link.addEventListener("click", () => { video.pause(); seek(Number(link.dataset.frame) - start); });
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's own keys
    if (event.target.closest("input, button, a, summary") && event.key !== "n") return;
    const step = event.shiftKey ? 0 : { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === " ") toggle();
    else if (event.key === "n") jump(1);
    else if (event.shiftKey && event.key.startsWith("Arrow")) { wipe = Math.max(0, Math.min(1, wipe + (event.key === "ArrowRight" ? 0.02 : -0.02))); draw(); }
    else if (step) { video.pause(); seek(frame + step); }
    else return;
    event.preventDefault();
  });
  tell();
})();
