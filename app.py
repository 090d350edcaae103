"""The server. Run: streamlit run app.py"""

import streamlit as st

from mmexplore.runtime import places
from mmexplore.ui.shell.routes import routes
from mmexplore.ui.shell.startup import explain, lifespan

app = st.App(
    str(places.PACKAGE / "ui" / "shell" / "visit.py"),
    routes=routes(str(st.get_option("server.baseUrlPath") or "")),
    lifespan=lifespan,
    on_script_error=explain,
)
