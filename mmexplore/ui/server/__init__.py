"""What the server answers besides Streamlit's pages: the guard before all, requests, drawings, cards, blobs."""
