"""Pages: the only room that knows Streamlit and the browser."""
