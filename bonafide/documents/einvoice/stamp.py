"""The claim of Factur-X in a PDF's metadata (Factur-X 1.09, chapter 6.3), which Typst has no words for.

Which file holds the data and in which profile, in the namespace of Factur-X, and the extension schema without which PDF/A knows
no such namespace. Everything else in the file stays as Typst wrote it: pages, tags, attachment and the claim of PDF/UA.
"""

from __future__ import annotations

import io

FILE_NAME = "factur-x.xml"
LEVEL = "EN 16931"

FX = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_EXTENSION = "http://www.aiim.org/pdfa/ns/extension/"

_CLAIM = f"""<rdf:Description xmlns:rdf="{_RDF}" xmlns:fx="{FX}" rdf:about=""><fx:DocumentType>INVOICE</fx:DocumentType>\
<fx:DocumentFileName>{FILE_NAME}</fx:DocumentFileName><fx:Version>1.0</fx:Version>\
<fx:ConformanceLevel>{LEVEL}</fx:ConformanceLevel></rdf:Description>"""

_PROPERTIES = {
    "DocumentFileName": "Name of the embedded XML invoice file",
    "DocumentType": "INVOICE",
    "Version": "Version of the standard applied to the embedded XML invoice file",
    "ConformanceLevel": "Conformance level of the embedded XML invoice file",
}
_SCHEMA = (
    f"""<rdf:li xmlns:rdf="{_RDF}" xmlns:s="http://www.aiim.org/pdfa/ns/schema#" \
xmlns:p="http://www.aiim.org/pdfa/ns/property#" rdf:parseType="Resource"><s:schema>Factur-X PDFA Extension Schema</s:schema>\
<s:namespaceURI>{FX}</s:namespaceURI><s:prefix>fx</s:prefix><s:property><rdf:Seq>"""
    + "".join(
        f'<rdf:li rdf:parseType="Resource"><p:name>{name}</p:name><p:valueType>Text</p:valueType>'
        f"<p:category>external</p:category><p:description>{meaning}</p:description></rdf:li>"
        for name, meaning in _PROPERTIES.items()
    )
    + "</rdf:Seq></s:property></rdf:li>"
)


def stamp(*, pdf: bytes) -> bytes:
    """The PDF with the claim of Factur-X, the same bytes for the same input.

    :raises ValueError: when the PDF has no attachment of the name that is claimed, or no metadata to add to.
    """
    import pikepdf  # only who stamps needs it

    with pikepdf.open(io.BytesIO(pdf)) as file:
        if FILE_NAME not in file.attachments or "/AF" not in file.Root or "/Metadata" not in file.Root:
            raise ValueError(f"the PDF has no {FILE_NAME} attached, or no metadata")
        file.Root.Metadata.write(_claimed(file.Root.Metadata.read_bytes()))
        out = io.BytesIO()
        file.save(out, deterministic_id=True, fix_metadata_version=False)
    return out.getvalue()


def _claimed(xmp: bytes) -> bytes:
    """The packet with our description and our schema among those of Typst."""
    from lxml import etree

    start, end = xmp.index(b"<x:xmpmeta"), xmp.index(b"</x:xmpmeta>") + len(b"</x:xmpmeta>")
    packet = etree.fromstring(xmp[start:end])
    rdf = packet.find(f"{{{_RDF}}}RDF")
    schemas = packet.find(f".//{{{_EXTENSION}}}schemas/{{{_RDF}}}Bag")
    if rdf is None or schemas is None:
        raise ValueError("the PDF's metadata has no list of extension schemas")
    rdf.append(etree.fromstring(_CLAIM))
    schemas.append(etree.fromstring(_SCHEMA))
    return xmp[:start] + bytes(etree.tostring(packet, encoding="utf-8")) + xmp[end:]
