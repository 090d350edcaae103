"""``python -m mmexplore``: the console script ``mmexplore`` by another name."""

from mmexplore.cli.app import main

if __name__ == "__main__":
    main()
