"""The server. Run: streamlit run app.py"""

import streamlit as st
from starlette.middleware import Middleware

from mmexplore.ui.preload import Preload
from mmexplore.ui.routes import routes
from mmexplore.ui.startup import explain, lifespan

app = st.App(
    "mmexplore/ui/visit.py",
    routes=routes(str(st.get_option("server.baseUrlPath") or "")),
    lifespan=lifespan,
    middleware=[Middleware(Preload)],
    on_script_error=explain,
)
