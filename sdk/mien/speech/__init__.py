"""Speech: sound becomes phones with times, and phones become a mouth's curves."""
