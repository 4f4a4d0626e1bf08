"""The process that applies the rules: a program of its own, which alone imports Saxon (277 MB resident).

Reads requests from its standard input and answers on its standard output, each a length in four bytes and as many bytes of
JSON: ``{"files": [stylesheets], "xml": text}`` and ``{"problems": [lines]}`` or ``{"error": line}``. It ends at the end of its
input, when nobody asked for a while, and once it has grown beyond what it may hold; who asks again starts another.
"""

from __future__ import annotations

import json
import os
import resource
import select
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree import ElementTree

SVRL = "{http://purl.oclc.org/dsdl/svrl}"
# Megabytes resident after an answer, and seconds without a question.
LARGEST, IDLE = 900, 600


class Rules:
    """Saxon with the stylesheets that were asked for so far; compiling one takes a second."""

    def __init__(self) -> None:
        from saxonche import PySaxonProcessor

        self.processor = PySaxonProcessor(license=False)
        self.compiled: dict[str, Any] = {}

    def problems(self, *, files: Sequence[str], xml: str) -> list[str]:
        """The failed assertions of the stylesheets, in their own words."""
        document = self.processor.parse_xml(xml_text=xml)
        return [line for file in files for line in self._problems(file, document)]

    def _problems(self, file: str, document: Any) -> list[str]:
        if file not in self.compiled:
            self.compiled[file] = self.processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=file)
        report = self.compiled[file].transform_to_string(xdm_node=document)
        if not report:
            raise RuntimeError(f"{Path(file).name} gave no report")
        return [_line(found) for found in ElementTree.fromstring(report).iter() if _is_failure(found)]  # noqa: S314 - Saxon's own


def _is_failure(found: ElementTree.Element) -> bool:
    told = found.tag in (f"{SVRL}failed-assert", f"{SVRL}successful-report")
    return told and "warning" not in (found.get("flag"), found.get("role"))


def _line(found: ElementTree.Element) -> str:
    words = " ".join("".join(found.itertext()).split())
    return f"{found.get('id', '')}: {words}"[:500]


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer until there is a reason to end."""
    rules = Rules()
    while select.select([source], [], [], IDLE)[0]:
        question = read_frame(source)
        if question is None:
            return
        write_frame(sink, _answer(rules, question))
        if resident() > LARGEST:
            return


def _answer(rules: Rules, question: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"problems": rules.problems(files=question["files"], xml=question["xml"])}
    except Exception as error:  # whatever Saxon raises, the asker is told
        return {"error": f"{type(error).__name__}: {error}".splitlines()[0]}


def read_frame(source: BinaryIO) -> dict[str, Any] | None:
    """The next message; ``None`` at the end of the input, also in the middle of a message."""
    head = _read(source, 4)
    body = head and _read(source, int.from_bytes(head, "big"))
    if not body:
        return None
    message: dict[str, Any] = json.loads(body)
    return message


def _read(source: BinaryIO, size: int) -> bytes:
    """Exactly so many bytes, or none when the input ends before."""
    parts = b""
    while len(parts) < size:
        part = source.read(size - len(parts))
        if not part:
            return b""
        parts += part
    return parts


def write_frame(sink: BinaryIO, message: dict[str, Any]) -> None:
    body = json.dumps(message).encode()
    sink.write(len(body).to_bytes(4, "big") + body)
    sink.flush()


def resident() -> int:
    """Megabytes that this process holds now, or where that is not told, has ever held."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return pages * resource.getpagesize() // 2**20


def main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)  # what Saxon prints must not stand among the answers
    with open(answers, "wb") as sink, open(0, "rb", buffering=0, closefd=False) as source:
        serve(source, sink)


if __name__ == "__main__":
    main()
