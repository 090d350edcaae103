"""Forms in which a model leaves and comes: its card for people, a hub, ONNX."""
