"""RTF, OpenDocument, mails, pictures and scans: text, tables and notes; what is protected or too deep is refused."""

from __future__ import annotations

import io
from email.message import EmailMessage
from pathlib import Path

import pypdfium2
import pytest
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from etter_extraction.parsing import limits
from etter_extraction.parsing.parsed import Parsed
from etter_extraction.parsing.readers import read
from etter_extraction.parsing.refusal import Refused
from etter_extraction.parsing.source import Held

from . import made


def parsed(content: bytes, kind: str, filename: str = "a") -> Parsed:
    return read(Held(content), kind, filename, pictures="read")


def texts(document: Parsed) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in document.blocks]


def codes(document: Parsed) -> list[str]:
    return [note.code for note in document.notes]


RTF = rb"""{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\*\generator Word;}
{\b Senior Clerk}\par\par Pays \'a345,000 \u8211? \'a350,000 a year.\par\par
{\listtext\'b7\tab}Keep the books\par{\listtext\'b7\tab}Advise managers\par
\trowd\cellx100\cellx200 Grade\cell Pay\cell\row\trowd\cellx100\cellx200 7\cell 41,000\cell\row
}"""


class TestRtf:
    def test_text_lists_and_tables(self) -> None:
        document = parsed(RTF, "rtf")
        assert "Pays £45,000 – £50,000 a year." in document.pages[0].text
        assert [text for kind, text in texts(document) if kind == "item"] == ["Keep the books", "Advise managers"]
        assert document.tables[0].rows == [["Grade", "Pay"], ["7", "41,000"]]

    @pytest.mark.parametrize(("content", "reason"), [(RTF[:90], "damaged"), (rb"{\rtf1\ansi }", "empty")])
    def test_cut_off_or_empty(self, content: bytes, reason: str) -> None:
        with pytest.raises(Refused) as refused:
            parsed(content, "rtf")
        assert refused.value.reason == reason


ODT_BODY = """<text:tracked-changes><text:changed-region><text:deletion><text:p>Gone</text:p></text:deletion>
</text:changed-region></text:tracked-changes>
<text:h text:outline-level="2">Duties</text:h>
<text:list><text:list-item><text:p>Keep<text:s text:c="2"/>the books</text:p><text:list><text:list-item>
<text:p>daily</text:p></text:list-item></text:list></text:list-item></text:list>
<text:p text:style-name="B">About us</text:p>
<text:p>We bake.<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Since 1950.</text:p>
</text:note-body></text:note><text:span text:style-name="H">secret</text:span></text:p>
<table:table table:name="Pay"><table:table-row><table:table-cell><text:p>Grade</text:p></table:table-cell>
<table:table-cell table:number-columns-repeated="2"><text:p>7</text:p></table:table-cell></table:table-row>
</table:table>"""
ODT_STYLES = """<style:style style:name="B" style:family="paragraph"><style:text-properties fo:font-weight="bold"/>
</style:style><style:style style:name="H"><style:text-properties text:display="none"/></style:style>"""


class TestOdt:
    def test_headings_lists_notes_and_tables(self) -> None:
        document = parsed(made.open_document("odt", ODT_BODY, ODT_STYLES), "odt")
        assert texts(document)[:5] == [
            ("heading", "Duties"), ("item", "Keep the books"), ("item", "daily"), ("heading", "About us"),
            ("paragraph", "We bake."),
        ]  # fmt: skip
        assert [block.level for block in document.blocks[:3]] == [2, 1, 2]
        assert document.tables[0].rows == [["Grade", "7", "7"]]
        assert document.pages[1].text == "Since 1950."
        assert "secret" not in document.pages[0].text
        assert codes(document) == ["TRACKED_DELETIONS_LEFT_OUT"]

    def test_protected(self) -> None:
        entry = (
            '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>'
        )
        with pytest.raises(Refused) as refused:
            parsed(made.open_document("odt", "", manifest=entry), "odt")
        assert refused.value.reason == "encrypted"


def ods_row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def ods_cell(value: str, kind: str = "string", extra: str = "") -> str:
    stated = "" if kind == "string" else f'office:value="{value}"'
    return f'<table:table-cell office:value-type="{kind}" {stated} {extra}><text:p>{value}</text:p></table:table-cell>'


class TestOds:
    def test_currency_percent_and_what_is_hidden(self) -> None:
        shown = "".join((
            '<table:table table:name="Staff">',
            '<table:table-column table:number-columns-repeated="3"/><table:table-column table:visibility="collapse"/>',
            ods_row(*map(ods_cell, ("Job", "Pay", "FTE", "Secret"))),
            ods_row(
                ods_cell("Clerk"), ods_cell("41000", "currency", 'office:currency="EUR"'),
                ods_cell("0.5", "percentage"),
                ods_cell("x"), attributes='table:number-rows-repeated="2"',
            ),
            ods_row(ods_cell("Ghost"), attributes='table:visibility="filter"'),
            "</table:table>",
        ))  # fmt: skip
        hidden = f'<table:table table:name="Old" table:style-name="T">{ods_row(ods_cell("Old"))}</table:table>'
        shown_not = '<style:table-properties table:display="false"/>'
        style = f'<style:style style:name="T" style:family="table">{shown_not}</style:style>'
        document = parsed(made.open_document("ods", shown + hidden, style), "ods")
        assert document.tables[0].rows == [["Job", "Pay", "FTE"], *2 * [["Clerk", "EUR 41000", "50%"]]]
        assert codes(document) == ["HIDDEN_SHEETS_LEFT_OUT", "HIDDEN_ROWS_LEFT_OUT", "HIDDEN_COLUMNS_LEFT_OUT"]

    @pytest.mark.parametrize("attribute", ["rows", "columns"])
    def test_one_that_reaches_too_far(self, attribute: str) -> None:
        row = f'table:number-rows-repeated="{limits.MAX_ROWS + 1}"' if attribute == "rows" else ""
        cell = f'table:number-columns-repeated="{10**7}"' if attribute == "columns" else ""
        body = f'<table:table table:name="A">{ods_row(ods_cell("1"), ods_cell("1", extra=cell), attributes=row)}'
        with pytest.raises(Refused) as refused:
            parsed(made.open_document("ods", body + ods_row(ods_cell("2")) + "</table:table>"), "ods")
        assert refused.value.reason == "too_many_cells"


def mail(*attachments: tuple[str, bytes]) -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Vacancy: Ledger Clerk", "a@example.com", "b@example.com"
    message.set_content("Please post this.")
    message.add_alternative("<p>Please post <b>this</b>.</p><ul><li>Keep the books</li></ul>", subtype="html")
    for name, content in attachments:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message


class TestMail:
    def test_body_and_attachments_are_pages(self) -> None:
        document = parsed(mail(("pay.csv", b"Job,Pay\nClerk,41000\n"), ("run.exe", b"MZ")).as_bytes(), "eml")
        assert [page.label for page in document.pages] == ["subject", "page", "pay.csv: table"]
        assert ("item", "Keep the books") in texts(document)
        assert document.tables[0].page == 3
        assert document.tables[0].rows == [["Job", "Pay"], ["Clerk", "41000"]]
        (note,) = document.notes
        assert (note.code, note.examples) == ("ATTACHMENTS_NOT_READ", ["run.exe: Unsupported file type"])

    def test_a_mail_in_a_mail_up_to_a_depth(self) -> None:
        content = mail(("clerk.txt", b"Job title: Clerk")).as_bytes()
        for _ in range(limits.MAX_MAIL_DEPTH - 1):
            content = mail(("inner.eml", content)).as_bytes()
        assert any("Job title: Clerk" in page.text for page in parsed(content, "eml").pages)
        with pytest.raises(Refused) as refused:
            parsed(mail(("inner.eml", mail(("inner.eml", content)).as_bytes())).as_bytes(), "eml")
        assert refused.value.reason == "nested_too_deep"

    def test_too_many_attachments(self) -> None:
        many = [(f"{number}.txt", b"text") for number in range(limits.MAX_ATTACHMENTS + 1)]
        with pytest.raises(Refused) as refused:
            parsed(mail(*many).as_bytes(), "eml")
        assert refused.value.reason == "too_many_parts"

    def test_outlook(self) -> None:
        content = made.msg("Vacancy", "Keep the books.\r\n", ("clerk.txt", b"Job title: Clerk"))
        document = parsed(content, "msg")
        assert [page.text for page in document.pages] == ["Vacancy", "Keep the books.", "Job title: Clerk"]


class TestOldOffice:
    @pytest.mark.parametrize(("stream", "kind"), [("WordDocument", "doc"), ("PowerPoint Document", "ppt")])
    def test_the_error_says_what_to_do(self, stream: str, kind: str) -> None:
        with pytest.raises(Refused, match="Save the file as") as refused:
            parsed(made.ole({stream: b"x"}), kind)
        assert refused.value.reason == "needs_conversion"

    def test_the_streams_decide(self) -> None:
        content = made.msg("Vacancy", "Keep the books.", ("a.txt", b"text"))
        assert codes(parsed(content, "xls", "a.xls")) == ["CONTENT_IS_NOT_WHAT_THE_NAME_SAYS"]

    def test_protected(self) -> None:
        with pytest.raises(Refused) as refused:
            parsed(made.ole({"EncryptedPackage": b"x"}), "xls")
        assert refused.value.reason == "encrypted"


WORDS = ("Senior Ledger Clerk", "Salary 41,500 a year", "Keep the books")


def scan() -> Image.Image:
    page = Image.new("RGB", (900, 500), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(40)
    for number, words in enumerate(WORDS):
        draw.text((60, 60 + 120 * number), words, fill="black", font=font)
    return page


def as_bytes(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


class TestPictures:
    @pytest.mark.parametrize(
        ("kind", "turned"), [("PNG", 0), ("JPEG", 0), ("TIFF", 0), ("PNG", 90), ("PNG", 180), ("PNG", 270)]
    )
    def test_words_are_recognised(self, kind: str, turned: int) -> None:
        document = parsed(as_bytes(scan().rotate(turned, expand=True), kind), "image")
        assert [line for line in document.pages[0].text.split("\n") if line] == list(WORDS)
        assert codes(document) == ["TEXT_WAS_RECOGNISED"]

    def test_a_picture_of_too_many_pixels(self) -> None:
        side = int(limits.MAX_PIXELS**0.5) + 1
        with pytest.raises(Refused) as refused:
            parsed(as_bytes(Image.new("1", (side, side)), "PNG"), "image")
        assert refused.value.reason == "image_too_large"

    def test_a_cut_off_picture(self) -> None:
        with pytest.raises(Refused) as refused:
            parsed(as_bytes(scan(), "PNG")[:400], "image")
        assert refused.value.reason == "damaged"


@pytest.fixture
def half_scanned(tmp_path: Path) -> Path:
    document = FPDF()
    document.add_page()
    document.set_font("Helvetica", size=12)
    document.cell(text="Reports to the controller.")
    document.add_page()
    document.image(io.BytesIO(as_bytes(scan(), "PNG")), w=180)
    document.output(str(tmp_path / "half.pdf"))
    return tmp_path / "half.pdf"


class TestScans:
    def test_pages_without_words_are_recognised(self, half_scanned: Path) -> None:
        document = read(half_scanned, "pdf", "half.pdf", pictures="read")
        assert "Reports to the controller." in document.pages[0].text
        assert all(words in document.pages[1].text for words in WORDS)
        assert len(pypdfium2.PdfDocument(half_scanned)) == len(document.pages)

    def test_another_process_is_asked_for(self, half_scanned: Path) -> None:
        with pytest.raises(Refused) as refused:
            read(half_scanned, "pdf", "half.pdf", pictures="refuse")
        assert refused.value.reason == "no_text_layer"

    def test_left_out_pages_are_noted(self, half_scanned: Path) -> None:
        document = read(half_scanned, "pdf", "half.pdf")
        assert codes(document) == ["PICTURES_LEFT_OUT"]
        assert document.pages[1].text == ""
