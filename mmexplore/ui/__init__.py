"""The only floor that knows Streamlit and the browser."""
