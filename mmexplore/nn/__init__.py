"""Networks in torch: encoders, fusions, pre-trainings and what their members are made of."""
