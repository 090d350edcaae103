"""The script that Streamlit runs for every visitor and every click: three lines, so that nothing is compiled again."""

from mmexplore.ui.shell.frame import main

main()
