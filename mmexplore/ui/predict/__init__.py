"""The Predict page: trained models at work on new molecules, one or a file."""
