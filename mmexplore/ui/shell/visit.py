"""Entry script that Streamlit runs for every visitor and every click.

Three lines, so that nothing is compiled again.
"""

from mmexplore.ui.shell.frame import main

main()
