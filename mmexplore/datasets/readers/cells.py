"""Cell reader: delimited text, SMILES lines and SD files into cells, each row with the line at which it begins.

Neither pandas nor Python's csv: a quotation mark that nobody closed costs no row here, what stands above the header is
skipped with a note, each record knows the physical line at which it begins, also after empty lines, quoted line breaks
and Windows line ends, and every cell is left as it stands. An SDF row is known by the number of its record.
"""

import itertools
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TextIO

from mmexplore.datasets import Remark
from mmexplore.datasets.readers import source
from mmexplore.runtime.errors import BadTable

DELIMITERS = (",", "\t", ";", "|")
EMPTY_LINES_LISTED = 1_000
MAX_ROWS = source.MAX_ROWS
_LONGEST_RECORD = 100_000  # lines
_LONGEST_QUOTE = 200  # lines
_LONGEST_LINE = 10_000_000
_LONGEST_CELL = 131_072
_HEAD = 100  # lines that a delimiter and a header are looked for in
_SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_EXTENSION = re.compile(r"\s\|[^|\s]*\|(?=\s|[,;]|$)")
_CXSMILES = re.compile(r"(?<=\S) \|[^|]*\|(?=\s|[,;]|$)")
_OPEN_EXTENSION = re.compile(r"\s*(\S+) +\|([^|]*)")
_FEATURE = re.compile(r"\$|\(|[&o^]\d*:|[A-Za-z]+:")

HEADERS = ("smiles", "canonical_smiles", "smi", "isosmiles", "isomeric_smiles")
STRUCTURES = (
    "smiles", "canonicalsmiles", "structure", "isomericsmiles", "isosmiles", "smi", "structuresmiles", "smilesstring",
    "canonicalsmi", "rdkitsmiles", "moleculesmiles", "compoundsmiles", "ligandsmiles", "drugsmiles", "mol", "molecule",
    "inchi", "standardinchi",
)  # fmt: skip
"""Names of structure columns without case and separators, the likeliest first."""

Row = tuple[int, list[str]]


@dataclass
class Cells:
    """A table of text: names of the columns, rows of as many cells, where they begin, and what was left out.

    ``header`` are the names as they stood, which may be empty or alike; none where the format has no line of them.
    """

    columns: list[str]
    rows: list[list[str]]
    lines: list[int]
    header_line: int = 0
    header: list[str] = field(default_factory=list)
    rejected: list[Remark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def append(self, line: int, row: list[str]) -> None:
        """Take one more row. Raises BadTable where that is one too many."""
        if len(self.rows) >= MAX_ROWS:
            raise BadTable(f"the table holds more than {MAX_ROWS:,} rows; split it")
        if len(self.rows) * len(row) > source.MAX_CELLS:
            raise BadTable(f"the table holds more than {source.MAX_CELLS:,} cells; leave columns out, or split it")
        self.rows.append(row)
        self.lines.append(line)


def bare(name: str) -> str:
    """A column's name without case and separators.

    >>> bare("Canonical_SMILES "), bare("Molecule ChEMBL ID")
    ('canonicalsmiles', 'moleculechemblid')
    """
    return re.sub(r"[^a-z0-9]", "", name.lower())


def delimited(file: TextIO, delimiter: str) -> Cells:
    """A table with a header. Raises BadTable for text that cannot be divided or that holds no header."""
    cells = Cells([], [], [])
    return collected(cells, delimited_rows(file, delimiter, cells), delimiter)


def delimited_rows(file: TextIO, delimiter: str, cells: Cells) -> Iterator[Row]:
    """Rows below a header one by one, as wide as they are, [] for a line without anything.

    Header and notes go to ``cells``, which is to hold the first rows as they come. Raises like :func:`delimited`.
    """
    lines = _Lines(file)
    for line, row in itertools.chain(_start(cells, lines, delimiter), _records(cells, lines, delimiter)):
        if not cells.columns:
            if any(map(str.strip, row)):
                cells.header = _header(row, lines, delimiter, cells)
                cells.columns, cells.header_line = unique(cells.header), line
        elif row and len(row) != len(cells.columns) and row[0].lstrip().startswith("#"):
            cells.notes.append(f"line {line}: a comment was skipped: {delimiter.join(row)[:60]!r}")
        else:
            yield line, row
    if not cells.columns:
        raise BadTable("the table is empty: no line holds anything")


def sheet_rows(rows: Iterable[Row], cells: Cells) -> Iterator[Row]:
    """Rows of a sheet, divided already, below its header, like :func:`delimited_rows`.

    What stands above the header is skipped with a note.
    """
    coming = iter(rows)
    ahead = list(itertools.islice(coming, _HEAD))
    at = _header_at([row for _, row in ahead], [bool(row) and row[0].startswith("#") for _, row in ahead])
    _tell_skipped(cells, [" ".join(filter(None, row)) for _, row in ahead[:at]])
    for line, row in itertools.chain(ahead[at:], coming):
        if cells.columns:
            yield line, row
        elif any(map(str.strip, row)):
            cells.header, cells.columns, cells.header_line = row, unique(row), line


def smiles_lines(file: TextIO) -> Cells:
    """One SMILES a line, then optionally a name; a first line that says "smiles" is a header, "#" begins a comment."""
    cells = Cells([], [], [])
    return collected(cells, smiles_rows(file, cells), " ")


def smiles_rows(file: TextIO, cells: Cells) -> Iterator[Row]:
    """Rows of :func:`smiles_lines` one by one, like :func:`delimited_rows`."""
    cells.columns, comments, begun = ["smiles", "name"], 0, False
    for line, text in _Lines(file):
        if not text.strip():
            yield line, []
            continue
        smiles, extension, name = _line_parts(text)
        if smiles.startswith("#"):
            comments += 1
        elif begun or smiles.lower() not in HEADERS:
            begun = True
            kept = _speaks(extension.strip("|"))
            yield line, [f"{smiles} {extension}" if kept else smiles, name]
    if comments:
        cells.notes.append(f"{comments:,} comment line{'s' * (comments > 1)} skipped")


def words_table(file: TextIO) -> Cells:
    """SMILES lines whose header names three columns or more, with blanks between. Raises BadTable."""
    cells = Cells([], [], [])
    return collected(cells, words_rows(file, cells), " ")


def words_rows(file: TextIO, cells: Cells) -> Iterator[Row]:
    """Rows of :func:`words_table` one by one, like :func:`delimited_rows`."""
    for line, text in _Lines(file):
        row = words(text)
        if row and row[0].startswith("#"):
            continue
        if cells.columns:
            yield line, row
        elif row:
            cells.header, cells.columns, cells.header_line = row, unique(row), line


def fitted(row: list[str], width: int) -> tuple[list[str], str]:
    """A row as wide as its header, and why that is not what stood there, "" where it is.

    >>> fitted(["CCO"], 2), fitted(["CCO", "1", "2"], 2)
    ((['CCO', ''], ''), (['CCO', '1'], '3 cells where the header has 2'))
    """
    if any(map(str.strip, row[width:])):
        return row[:width], f"{len(row)} cells where the header has {width}"
    return (row + [""] * width)[:width], ""


def collected(cells: Cells, rows: Iterable[Row], between: str) -> Cells:
    """All rows; those without anything are told of, and so is what is wider than its header."""
    empty = _Empty()
    for line, row in rows:
        if not any(map(str.strip, row)):
            empty.came(line)
            continue
        empty.passed()
        whole, reason = fitted(row, len(cells.columns)) if len(row) != len(cells.columns) else (row, "")
        if reason:
            cells.rejected.append(Remark(line, between.join(row)[:200], reason))
        else:
            cells.append(line, whole)
    empty.tell(cells)
    return cells


def words(text: str) -> list[str]:
    """Words of a line, an extension between bars with the SMILES before it.

    >>> words("CCO |&1:1, o2:2| ID1 0.5")
    ['CCO |&1:1, o2:2|', 'ID1', '0.5']
    """
    if not text.strip():
        return []
    smiles, extension, rest = _line_parts(text)
    return [f"{smiles} {extension}".strip(), *rest.split()]


def sd_records(file: TextIO) -> Cells:
    """Mol blocks in the column "mol block", titles in "title", then one column a property."""
    cells = Cells([], [], [])
    for number, row in sd_rows(file, cells):
        cells.append(number, row)
    for row in cells.rows:
        row.extend([""] * (len(cells.columns) - len(row)))
    return cells


def sd_rows(file: TextIO, cells: Cells) -> Iterator[Row]:
    """Rows of :func:`sd_records` one by one, each as wide as there were properties up to it."""
    cells.columns = ["mol block", "title"]
    places = {"mol block": 0, "title": 1}
    repeated: dict[str, list[int]] = {}
    for number, record in enumerate(_sd_texts(file), 1):
        values, again = _values_of(record)
        for name in again:
            repeated.setdefault(name, []).append(number)
        for name in values:
            if name not in places:
                places[name] = len(places)
                cells.columns.append(name)
        _refuse_wide(len(places))
        row = [""] * len(places)
        for name, value in values.items():
            row[places[name]] = value
        yield number, row
    for name, numbers in repeated.items():
        cells.notes.append(f"field {name!r} stands more than once in {listed('record', numbers)}: the last was taken")


def sd_values(file: TextIO) -> Iterator[dict[str, str]]:
    """SD records one by one: the mol block under "mol block", the title under "title", then each property."""
    return (_values_of(record)[0] for record in _sd_texts(file))


def best_delimiter(file: TextIO) -> str | None:
    """The delimiter under which a header names structures, or that divides the first lines into the most columns.

    None for one column; a line ``sep=;`` decides.
    """
    sample = head(file)
    if sample and (said := _SEPARATOR.fullmatch(sample[0].lstrip("\ufeff"))):
        return said[1]
    lines = [text for text in sample if text.strip() and not text.startswith("#")] or sample
    best, most = None, (False, 1)
    for delimiter in DELIMITERS:
        rows = _sampled(lines, delimiter)
        named = next((n for n, row in enumerate(rows[:50]) if len(row) > 1 and _names_structures(row)), None)
        below = rows[named or 0 :]
        width, count = Counter(map(len, below)).most_common(1)[0] if below else (1, 0)
        rank = (named is not None, width)
        if rank > most and count >= 0.6 * len(below):
            best, most = delimiter, rank
    return best


def _sampled(lines: list[str], delimiter: str) -> list[list[str]]:
    """Records of the first lines; a quoted cell may span some, and in a CXSMILES extension nothing divides."""
    within = _EXTENSION if delimiter == "|" else _CXSMILES
    rows, place = [], 0
    while place < len(lines):
        text, place = lines[place], place + 1
        row, left_open = divided(within.sub(" ", text) if "|" in text else text, delimiter)
        for stop in range(place + 1, len(lines) + 1) if left_open else ():
            if '"' in lines[stop - 1]:
                whole, still = divided(text + "".join(lines[place:stop]), delimiter)
                if not still:
                    row, place = whole, stop
                    break
        rows.append(row)
    return rows


def head(file: TextIO) -> list[str]:
    """The first lines, as they stand; the file is put back to its start."""
    found, size = [], 0
    for _, text in _Lines(file):
        found.append(text)
        size += len(text)
        if len(found) >= _HEAD or size > _LONGEST_LINE:
            break
    file.seek(0)
    return found


def unique(names: list[str]) -> list[str]:
    """Column names of one line each, without empty and repeated ones. Raises BadTable for too many.

    >>> unique(["a", "", "a"])
    ['a', 'column 2', 'a (2)']
    """
    _refuse_wide(len(names))
    taken: dict[str, None] = {}
    for place, given in enumerate(names, 1):
        name = " ".join(given.split()) or f"column {place}"
        candidates = itertools.chain([name], (f"{name} ({i})" for i in itertools.count(2)))
        taken[next(c for c in candidates if c not in taken)] = None
    return list(taken)


def listed(what: str, numbers: Iterable[int]) -> str:
    """Lines or records in few words.

    >>> listed("line", [3]), listed("line", range(1, 13))
    ('line 3', 'lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more')
    """
    known = list(numbers)
    more = f" and {len(known) - 10:,} more" if len(known) > 10 else ""
    return f"{what}{'s' * (len(known) > 1)} {', '.join(map(str, known[:10]))}{more}"


def divided(text: str, delimiter: str) -> tuple[list[str], bool]:
    """The cells of a record, and whether a quotation mark was left open; that one is then text.

    A quoted cell ends with a mark before a delimiter or the end; marks elsewhere are text. Between the bars of a
    CXSMILES extension nothing divides, quoted or not.

    >>> divided('CCO,"a, b",1', ",")
    (['CCO', 'a, b', '1'], False)
    >>> divided('CCO,"x2,2', ",")
    (['CCO', '"x2', '2'], True)
    >>> divided("CCO |$;;R1$,atomProp:0.x.y|,1.2", ",")
    (['CCO |$;;R1$,atomProp:0.x.y|', '1.2'], False)
    """
    body = text.rstrip("\r\n")
    extended = " |" in body and delimiter != "|"
    if '"' not in body and not extended:
        return body.split(delimiter), False
    between = f'"{delimiter}"'
    if body.startswith('"') and body.endswith('"') and body.count('"') == 2 + 2 * body.count(between) and len(body) > 1:
        return body[1:-1].split(between), False
    cells, place, left_open = [], 0, False
    while True:
        stop = _quoted_end(body, place, delimiter) if body.startswith('"', place) else None
        if stop is not None and stop > 0:
            cells.append(body[place + 1 : stop].replace('""', '"'))
            place = stop + 1
            while body.startswith(" ", place):
                place += 1
        else:
            left_open |= stop == 0
            end = body.find(delimiter, place)
            if extended and end >= 0:
                end = _extended_end(body, place, end, delimiter)
            end = len(body) if end < 0 else end
            cells.append(body[place:end])
            place = end
        if place >= len(body):
            return cells, left_open
        place += len(delimiter)


def _extended_end(body: str, start: int, end: int, delimiter: str) -> int:
    """Where a cell ends whose CXSMILES extension is still open at ``end``; -1 for the end of the record.

    ``end`` itself for any other cell: bars that stand elsewhere, that nothing closes, or behind what is no molecule.
    """
    opened = _OPEN_EXTENSION.fullmatch(body, start, end)
    close = body.find("|", end) + 1 if opened else 0
    if not opened or not close or not (close == len(body) or body[close] in (" ", delimiter)):
        return end
    return body.find(delimiter, close) if _FEATURE.match(opened[2]) or _reads(opened[1]) else end


def _quoted_end(body: str, start: int, delimiter: str) -> int | None:
    """Where the mark stands that closes the one at ``start``: 0 where none follows, None where text follows it."""
    place = start + 1
    while (mark := body.find('"', place)) >= 0:
        if body.startswith('""', mark):
            place = mark + 2
            continue
        rest = mark + 1
        while body.startswith(" ", rest):
            rest += 1
        return mark if rest >= len(body) or body.startswith(delimiter, rest) else None
    return 0


class _Lines:
    """Numbered lines of a file that can be looked at before they are taken."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._ahead, self._number = file, deque[str](), 0

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return self

    def __next__(self) -> tuple[int, str]:
        text = self._ahead.popleft() if self._ahead else self._read()
        if not text:
            raise StopIteration
        self._number += 1
        return self._number, text

    def peek(self, count: int) -> list[str]:
        """The next lines, fewer at the end of the file."""
        while len(self._ahead) < count and (text := self._read()):
            self._ahead.append(text)
        return list(itertools.islice(self._ahead, count))

    def _read(self) -> str:
        text = self._file.readline(_LONGEST_LINE + 1)
        if len(text) > _LONGEST_LINE:
            raise BadTable(f"a line of more than {_LONGEST_LINE:,} characters came; give a table of molecules")
        return text


class _Empty:
    """Empty lines: only spoken of once something follows them, and of those below the header alone."""

    def __init__(self) -> None:
        self.found: list[int] = []
        self.count, self._gap, self._gaps = 0, 0, list[int]()

    def came(self, line: int) -> None:
        self._gap += 1
        if len(self._gaps) <= EMPTY_LINES_LISTED:
            self._gaps.append(line)

    def passed(self) -> None:
        if self._gap:
            self.count += self._gap
            self.found += self._gaps[: EMPTY_LINES_LISTED + 1 - len(self.found)]
            self._gap, self._gaps = 0, []

    def tell(self, cells: Cells) -> None:
        if self.count > EMPTY_LINES_LISTED:
            cells.notes.append(f"{self.count:,} empty lines between the rows were skipped")
        else:
            cells.rejected += [Remark(line, "", "empty line") for line in self.found]


def _names_structures(row: list[str]) -> bool:
    return any(bare(cell) in STRUCTURES for cell in row)


def _start(cells: Cells, lines: _Lines, delimiter: str) -> list[Row]:
    """The header, where lines above it have to be skipped; nothing where it is the first line."""
    ahead = lines.peek(_HEAD)
    rows = [divided(text, delimiter)[0] if text.strip() else [] for text in ahead]
    told = [bool(_SEPARATOR.fullmatch(text.lstrip("\ufeff"))) or text.startswith("#") for text in ahead]
    at = _header_at(rows, told)
    marked = at < len(ahead) and told[at]
    if not any(text.strip() for text in ahead[:at]) and not marked:
        return []
    _tell_skipped(cells, [text.strip() for text in ahead[:at]])
    number, text = next(itertools.islice(lines, at, None))
    row, left_open = divided(text.lstrip("# ") if marked else text, delimiter)
    if left_open:
        cells.notes.append(f"line {number}: a quotation mark that is not closed was read as text")
    return [(number, row)]


def _header_at(rows: list[list[str]], told: list[bool]) -> int:
    """Where the header stands: the first row that names a structure column, else the first as wide as most.

    ``told``: which lines are comments. Above a header stand no molecules.
    """
    named = next((n for n, row in enumerate(rows[:50]) if _names_structures([c.lstrip("#") for c in row])), None)
    if named and not any(re.search("smiles|inchi", cell, re.IGNORECASE) for cell in rows[named]):
        named = None  # "molecule" may be a word of a row
    if named is not None and _no_molecules(rows[:named]):
        return named
    widths = Counter(len(row) for row, remark in zip(rows, told, strict=True) if row and not remark)
    most = widths.most_common(1)[0][0] if widths else 1
    whole = [n for n, row in enumerate(rows) if any(map(str.strip, row)) and not told[n]]
    at = next((n for n in whole if len(rows[n]) == most), 0)
    return at if all(len(rows[n]) < most for n in whole if n < at) else next(iter(whole), 0)


def _tell_skipped(cells: Cells, above: list[str]) -> None:
    skipped = [text for text in above if text.strip()]
    if skipped:
        place = "line 1" if len(above) == 1 else f"lines 1-{len(above)}"
        cells.notes.append(f"{place} above the header skipped: {skipped[0][:60]!r}")


def _no_molecules(rows: list[list[str]]) -> bool:
    """A word of a title, such as "CNS", may be read as a molecule; a cell decides where it is long or has bonds."""
    cells = [cell.strip() for row in rows for cell in row]
    return not any(len(cell) > 2 and (len(cell) > 5 or not cell.isalpha()) and _reads(cell) for cell in cells)


def _header(row: list[str], lines: _Lines, delimiter: str, cells: Cells) -> list[str]:
    """Names of the columns as they stand; where each row has a cell more in front, as R writes it, that is one."""
    below = [divided(text, delimiter)[0] for text in lines.peek(20) if text.strip()]
    if len(row) > 1 and below and all(len(found) == len(row) + 1 and found[-1].strip() for found in below):
        cells.notes.append("each row has a cell more than the header: the first column was read as row names")
        return ["row", *row]
    return row


def _records(cells: Cells, lines: _Lines, delimiter: str) -> Iterator[Row]:
    """Records with the line at which they begin. A quoted cell that swallows what looks like rows is no quoted cell."""
    loose: list[int] = []
    for number, text in lines:
        row, left_open = divided(text, delimiter) if text.strip("\r\n ") else ([], False)
        if left_open:
            more = _rest_of_quote(text, lines, delimiter)
            if more and not _swallows(cells, text, more, delimiter, len(row)):
                row = divided(text + "".join(more), delimiter)[0]
                for _ in more:
                    next(lines)
            else:
                loose.append(number)
        if len(text) > _LONGEST_CELL and any(len(cell) > _LONGEST_CELL for cell in row):
            raise BadTable(f"line {number} cannot be divided: a cell has more than {_LONGEST_CELL:,} characters")
        yield number, row
    if loose:
        cells.notes.append(f"{listed('line', loose)}: a quotation mark that is not closed was read as text")


def _rest_of_quote(text: str, lines: _Lines, delimiter: str) -> list[str]:
    """The following lines to the one that closes the mark, none where none does."""
    taken: list[str] = []
    for count in range(1, _LONGEST_QUOTE + 1):
        ahead = lines.peek(count)
        if len(ahead) < count:
            return []
        taken.append(ahead[-1])
        if '"' in ahead[-1] and not divided(text + "".join(taken), delimiter)[1]:
            return taken
    return []


def _swallows(cells: Cells, text: str, more: list[str], delimiter: str, width: int) -> bool:
    """Whether the lines of a quoted cell look like rows: as many cells, and a molecule where the molecules stand."""
    width = len(cells.columns) or width
    rows = [divided(line, delimiter)[0] for line in more if not text.startswith('"') or line.startswith('"')]
    alike = [row for row in rows if len(row) == width]
    if not alike:
        return False
    known = [row for row in itertools.chain(itertools.islice(cells.rows, 20), alike) if len(row) == width]
    scores = [sum(_reads(row[place]) for row in known) for place in range(width)]
    named = next((n for n, name in enumerate(cells.columns) if bare(name) in STRUCTURES), None)
    place = named if named is not None else scores.index(max(scores))
    return any(_reads(row[place]) for row in alike)


def _refuse_wide(columns: int) -> None:
    if columns > source.MAX_COLUMNS:
        raise BadTable(
            f"the table has {columns:,} columns; {source.MAX_COLUMNS:,} is the most that is read: leave columns out"
        )


def _line_parts(text: str) -> tuple[str, str, str]:
    """SMILES, ChemAxon's extension between bars, name."""
    found = re.match(r"\s*(\S+)\s*(\|[^|]*\|)?\s*(.*)", text)
    assert found
    return found[1], found[2] or "", found[3].strip()


def _sd_texts(file: TextIO) -> Iterator[list[str]]:
    record: list[str] = []
    for _, text in _Lines(file):
        line = text.rstrip("\r\n")
        if line.startswith("$$$$"):
            yield record
            record = []
        else:
            record.append(line)
        if len(record) > _LONGEST_RECORD:
            raise BadTable(f"an SDF record of more than {_LONGEST_RECORD:,} lines came: no line says $$$$")
    if any(line.strip() for line in record):
        yield record


def _values_of(record: list[str]) -> tuple[dict[str, str], list[str]]:
    """Values by field, and the fields that stand more than once."""
    end = next((i for i, line in enumerate(record) if line.startswith("M  END")), None)
    start = end + 1 if end is not None else next((i for i, x in enumerate(record) if x.startswith(">")), len(record))
    values = {"mol block": "\n".join(record[:start]) + "\n", "title": record[0].strip() if record else ""}
    name: str | None = None
    again: list[str] = []
    for line in record[start:]:
        if line.startswith(">") and (said := _field(line)):
            name = f"{said} (property)" if said in ("mol block", "title") else said
            if name in values and name not in again:
                again.append(name)
            values[name] = ""
        elif name and line:
            values[name] += ("\n" if values[name] else "") + line
        else:
            name = None
    return values, again


def _field(line: str) -> str:
    """A field's name: between brackets, else its number in the database.

    >>> _field("> 25 <MELTING.POINT> (X)"), _field("> DT12")
    ('MELTING.POINT', 'DT12')
    """
    found = re.match(r">.*?<(.+)>", line) or re.match(r">\s*(DT\d+)\s*$", line)
    return (" ".join(found[1].split()) or "property") if found else ""


def _reads(text: str) -> bool:
    from mmexplore.chem import structures  # RDKit, which reading a stored data set does without

    return structures.reads(text)


def _speaks(extension: str) -> bool:
    from mmexplore.chem import structures

    return structures.speaks(extension)
