"""The server. Run: streamlit run app.py"""

import streamlit as st
from starlette.middleware import Middleware

from mmexplore import studio
from mmexplore.runtime import places
from mmexplore.ui.server.guard import Guard
from mmexplore.ui.server.routes import routes
from mmexplore.ui.server.visitors import Visitors, signs_in
from mmexplore.ui.shell.startup import explain, lifespan, stay_home

studio.names_only()
visitors = [Middleware(Visitors)] if signs_in() else []
stay_home()
app = st.App(
    str(places.PACKAGE / "ui" / "shell" / "visit.py"),
    routes=routes(str(st.get_option("server.baseUrlPath") or "")),
    middleware=[Middleware(Guard), *visitors],
    lifespan=lifespan,
    on_script_error=explain,
)
