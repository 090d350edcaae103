"""Mutated files through the door of imports: every row is found by its line, with its own name, and nothing is lost."""

import csv
import gzip
import io
import random
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rdkit import Chem, RDLogger

from fuzzing.crew import ANSWERED, SILENT, Came, dice_of
from fuzzing.molecules import ODD, SMILES
from mmexplore import studio
from mmexplore.runtime.home import Home

PATIENCE = 120.0
"""Seconds after which a file of a few dozen rows counts as one that never ends."""
KINDS = ("csv", "csv", "tsv", "sdf", "smi", "xlsx", "parquet", "zip", "gz")
_NAME = re.compile(r"m\d{3}q")


@dataclass(frozen=True)
class File:
    """A file: its name and content, and, where nothing was broken, the lines and names that its rows must have."""

    name: str
    content: bytes
    lines: tuple[int, ...] | None = None
    names: tuple[str, ...] | None = None


def made(seed: int, number: int) -> File:
    """The file of a case."""
    dice = dice_of(seed, "files", number)
    kind = KINDS[number % len(KINDS)]
    if dice.random() < 0.04:
        return _monster(dice)
    whole = _WRITERS[kind](dice)
    return whole if dice.random() < 0.35 else _broken(whole, dice)


def begin(place: str) -> Callable[[int, int], Came]:
    """Answers cases in a home of its own."""
    RDLogger.DisableLog("rdApp.*")  # type: ignore[attr-defined]
    folder = Path(place)
    home = Home(folder / "home")

    def answer(seed: int, number: int) -> Came:
        file = made(seed, number)
        path = folder / file.name
        path.write_bytes(file.content)
        try:
            with studio.at_home(home):
                return _imported(path, file)
        finally:
            path.unlink()

    return answer


def keep(seed: int, number: int, folder: Path) -> Path:
    """Write the file of a case where a person can look at it."""
    file = made(seed, number)
    path = folder / f"{number}-{file.name}"
    path.write_bytes(file.content)
    return path


def _imported(path: Path, file: File) -> Came:
    added = studio.add_dataset(path, "fuzzed")
    try:
        rows = studio.rows_of(added.name)
        return _law(added, rows, file)
    finally:
        studio.remove_dataset(added.name)


def _law(added: studio.Dataset, rows: pd.DataFrame, file: File) -> Came:
    report = added.report
    counts = {"kept": report.kept, "merged": len(report.merged), "rejected": len(report.rejected)}
    status = rows["status"].value_counts().to_dict()
    lines = rows["line"].tolist()
    laws = {
        "read = kept + merged + rejected": report.read == sum(counts.values()) == len(rows),
        "as many rows of each kind as the report says": all(status.get(k, 0) == n for k, n in counts.items()),
        "each row has a line of its own": bool((np.diff(rows["line"]) > 0).all()),
        "what is kept is what the table says": rows[rows["status"] == "kept"]["smiles"].tolist()
        == added.smiles.tolist(),
        "what is kept can be read": all(Chem.MolFromSmiles(smiles) is not None for smiles in added.smiles),
        "what was left out has a reason": all(rows[rows["status"] != "kept"]["reason"]),
    }
    if file.lines is not None:
        laws["the rows are those that were written"] = lines == list(file.lines)
        named = report.name_column is not None
        laws["each has its own name"] = not named or rows["name"].tolist() == list(file.names or ())
    elif (texts := _lines_of(file)) is not None:
        laws |= _laws_of_lines(texts, rows, " ".join(report.notes))
    broken = [law for law, holds in laws.items() if not holds]
    return Came(SILENT, f"{file.name}: not so: {'; '.join(broken)}") if broken else Came(ANSWERED)


def _laws_of_lines(texts: list[str], rows: pd.DataFrame, notes: str) -> dict[str, bool]:
    """Laws of a table of one line a row, whatever was done to it."""
    lines = set(rows["line"].tolist())
    filled = {number for number, text in enumerate(texts, 1) if re.sub(r"[\t,;|]", "", text).strip()}
    first = min(lines)
    lost = {n for n in filled - lines if n > first and not texts[n - 1].lstrip().startswith("#")}
    above = {n for n in filled if n < first}
    own = [name in texts[line - 1] for line, name in zip(rows["line"], rows["name"], strict=True) if _NAME.match(name)]
    return {
        "no line below the first row is lost": not lost,
        "what stands above the header is told": len(above) <= 1 or "above the header" in notes,
        "each name is that of its line": all(own),
    }


def _lines_of(file: File) -> list[str] | None:
    """Physical lines of a plain text table without quotation marks, in which each is a row; None for all else."""
    if not file.name.endswith((".csv", ".tsv")) or b'"' in file.content or b"\0" in file.content:
        return None
    if file.content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = file.content.decode("utf-16", "replace")
    else:
        text = file.content.decode("latin-1")
    return re.split(r"\r\n|\r|\n", text)


def _rows(dice: random.Random) -> tuple[list[list[str]], list[str]]:
    count = dice.randint(3, 30)
    names = [f"m{n:03}q" for n in range(count)]
    structures = [dice.choice(ODD) if dice.random() < 0.15 else dice.choice(SMILES) for _ in names]
    structures[:2] = ["CCO", "c1ccccc1O"]
    values = ["" if dice.random() < 0.1 else f"{dice.uniform(-9, 99):.3f}" for _ in names]
    return [list(row) for row in zip(structures, names, values, strict=True)], names


def _delimited(dice: random.Random, ending: str) -> File:
    rows, names = _rows(dice)
    delimiter = "\t" if ending == "tsv" else dice.choice(",,;")
    end = dice.choice(["\n", "\r\n"])
    quoting: Any = dice.choice([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    text = io.StringIO()
    above = dice.choice(["", "", "", "# made by hand" + end, f"sep={delimiter}{end}"])
    text.write(above)
    table = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    table.writerow(["smiles", "name", "y"])
    lines = []
    for row in rows:
        lines.append(text.getvalue().count("\n") + 1)
        table.writerow(row)
    encoding = dice.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"])
    return File(f"t.{ending}", text.getvalue().encode(encoding), tuple(lines), tuple(names))


def _csv(dice: random.Random) -> File:
    return _delimited(dice, "csv")


def _tsv(dice: random.Random) -> File:
    return _delimited(dice, "tsv")


def _smi(dice: random.Random) -> File:
    rows, names = _rows(dice)
    rows = [row if row[0] and " " not in row[0] else ["C" * (n + 3), *row[1:]] for n, row in enumerate(rows)]
    text = "".join(f"{smiles} {name}\n" for smiles, name, _ in rows)
    return File("t.smi", text.encode(), tuple(range(1, len(rows) + 1)), tuple(names))


def _sdf(dice: random.Random) -> File:
    rows, names = _rows(dice)
    records = []
    for smiles, name, value in rows:
        mol = Chem.MolFromSmiles(smiles) or Chem.MolFromSmiles("CCC")
        body = Chem.MolToMolBlock(mol).partition("\n")[2]
        records.append(f"{name}\n{body}> <y>\n{value}\n\n$$$$\n")
    return File("t.sdf", "".join(records).encode(), tuple(range(1, len(rows) + 1)), tuple(names))


def _frame(dice: random.Random) -> tuple[pd.DataFrame, list[str]]:
    rows, names = _rows(dice)
    frame = pd.DataFrame(rows, columns=["smiles", "name", "y"])
    return frame.assign(y=pd.to_numeric(frame["y"], errors="coerce")), names


def _xlsx(dice: random.Random) -> File:
    frame, names = _frame(dice)
    content = io.BytesIO()
    frame.to_excel(content, index=False, engine="xlsxwriter")
    return File("t.xlsx", content.getvalue(), tuple(range(2, len(names) + 2)), tuple(names))


def _parquet(dice: random.Random) -> File:
    frame, names = _frame(dice)
    content = io.BytesIO()
    frame.to_parquet(content, index=False)
    return File("t.parquet", content.getvalue(), tuple(range(1, len(names) + 1)), tuple(names))


def _gz(dice: random.Random) -> File:
    inner = _delimited(dice, dice.choice(["csv", "tsv"]))
    return File(f"{inner.name}.gz", gzip.compress(inner.content, mtime=0), inner.lines, inner.names)


def _zip(dice: random.Random) -> File:
    inner = dice.choice([_csv, _tsv, _smi, _sdf, _xlsx, _parquet, _gz])(dice)
    if dice.random() < 0.2:  # a broken file in a whole archive
        inner = _broken(inner, dice)
    return File("t.zip", _packed({inner.name: inner.content}), inner.lines, inner.names)


_WRITERS: dict[str, Callable[[random.Random], File]] = {
    "csv": _csv, "tsv": _tsv, "sdf": _sdf, "smi": _smi, "xlsx": _xlsx, "parquet": _parquet, "zip": _zip, "gz": _gz,
}  # fmt: skip


def _packed(members: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inner in members.items():
            archive.writestr(zipfile.ZipInfo(name), inner, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _broken(whole: File, dice: random.Random) -> File:
    """The file after one to four mutations, of which nothing exact is known any more."""
    content = whole.content
    text = whole.name.endswith((".csv", ".tsv", ".smi", ".sdf"))
    ways = (_flipped, _cut, _bytes_put_in, _piece_again) + ((_lines_ragged, _cell_huge, _odd_signs) * 2 if text else ())
    for _ in range(dice.randint(1, 4)):
        content = dice.choice(ways)(content, dice)
    return File(whole.name, content)


def _flipped(content: bytes, dice: random.Random) -> bytes:
    found = bytearray(content)
    for _ in range(dice.choice([1, 3, 30])):
        if found:
            found[dice.randrange(len(found))] ^= 1 << dice.randrange(8)
    return bytes(found)


def _cut(content: bytes, dice: random.Random) -> bytes:
    return content[: dice.randrange(len(content) + 1)]


def _bytes_put_in(content: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(content) + 1)
    odd = dice.choice([b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1a", b"\r", b"\x85", b"\x00\x00\x00\x00", b"\xc3\x28"])
    return content[:place] + odd + content[place:]


def _piece_again(content: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(content) + 1)
    stop = min(len(content), start + dice.randint(1, 400))
    place = dice.randrange(len(content) + 1)
    return content[:place] + content[start:stop] + content[place:]


def _lines_ragged(content: bytes, dice: random.Random) -> bytes:
    lines = content.split(b"\n")
    for _ in range(dice.randint(1, 5)):
        place = dice.randrange(len(lines))
        cut = lines[place][: dice.randrange(len(lines[place]) + 1)]
        lines[place] = dice.choice([cut, lines[place] + b",x,y", b"", lines[place] + b"\t1\t2", lines[place] + b" "])
    return b"\n".join(lines)


def _cell_huge(content: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(content) + 1)
    return content[:place] + dice.choice([b"C", b"B", b"(", b"9", b" "]) * dice.choice([300, 20_000]) + content[place:]


def _odd_signs(content: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(content) + 1)
    odd = dice.choice(['"', '""', '"\n', "=1+1", "µ", "\u2028", "\U0001f600", "|", ";;", "\x0b", "²", "٣"])
    return content[:place] + odd.encode(dice.choice(["utf-8", "utf-16-le"])) + content[place:]


def _monster(dice: random.Random) -> File:
    """Files that are refused before they take memory, or that are no table at all."""
    wide = "smiles," + ",".join(f"c{n}" for n in range(20_000)) + "\nCCO" + ",1" * 20_000 + "\n"
    zeros = bytes(80 << 20)
    ways: list[Callable[[], File]] = [
        lambda: File("t.csv", wide.encode()),
        lambda: File("t.csv", b"smiles,y\nCCO,1\n" + b"C" * 200_000 + b",2\n"),
        lambda: File("t.csv", b"smiles\n" + b"B" * 2_000 + b"\nCCO\n"),
        lambda: File("t.zip", _packed({"t.csv": zeros})),
        lambda: File("t.csv.gz", gzip.compress(zeros, 6, mtime=0)),
        lambda: File("t.zip", _packed({f"{n}.txt": b"x" for n in range(1_200)})),
        lambda: File("t.zip", _packed({"a.xlsx": _packed({"xl/workbook.xml": b"<a>" * 1_000})})),
        lambda: File("t.zip", _packed({"a.zip": _packed({"b.csv": b"smiles\nCCO\n"})})),
        lambda: File("t.xlsx", _packed({"xl/workbook.xml": b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"})),
        lambda: File("t.parquet", b"PAR1" + dice.randbytes(300) + b"PAR1"),
        lambda: File(f"t.{dice.choice(['csv', 'sdf', 'smi', 'xlsx', 'parquet', 'zip'])}", dice.randbytes(2_000)),
        lambda: File("t.csv", b""),
        lambda: File("t.sdf", b"$$$$\n" * 500),
    ]  # fmt: skip
    return dice.choice(ways)()
