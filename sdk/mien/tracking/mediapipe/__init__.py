"""mien's own tracker, on the models that MediaPipe's package carries."""
