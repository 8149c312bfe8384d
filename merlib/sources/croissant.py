"""Croissant 1.0: a manifest as the JSON-LD that dataset search engines and ML tools read."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from urllib.parse import quote

from merlib.sources.manifests import DatasetManifest, download_files

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"

# The context that the Croissant 1.0 specification prescribes (Appendix 1 of the format).
CONTEXT: dict = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_FORMATS = {".png": "image/png", ".csv": "text/csv", ".txt": "text/plain", "": "text/plain"}


def to_croissant(manifest: DatasetManifest) -> dict:
    """Return the Croissant 1.0 description of a data source.

    Every file of a public source is listed by pinned address and SHA-256. A licensed source lists no file:
    its address is its licence page. The counts by class are a record set with inline data, so that a reader
    of the JSON-LD sees them without any file.

    Parameters
    ----------
    manifest : DatasetManifest

    References
    ----------
    Croissant format specification 1.0, https://docs.mlcommons.org/croissant/docs/croissant-spec.html
    """
    lead = manifest.citation[0]
    creators = [{"@type": "Person", "name": author} for author in lead.authors]
    document = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": manifest.name,
        "alternateName": manifest.title,
        "description": manifest.description,
        "conformsTo": CONFORMS_TO,
        "citeAs": "\n".join(citation.bibtex() for citation in manifest.citation),
        "creator": creators,
        "datePublished": f"{lead.year}-01-01",
        "version": "1.0.0",
        "license": manifest.licence.page,
        "conditionsOfAccess": f"{manifest.licence.name}: {manifest.licence.terms}",
        "isAccessibleForFree": manifest.access == "public",
        "url": manifest.licence.page,
        "keywords": ["micro-expression recognition", "facial expression", "leave-one-subject-out"],
    }
    if manifest.download is not None:
        document["distribution"] = _distribution(manifest)
    document["recordSet"] = [_class_counts(manifest)]
    return document


def croissant_text(manifest: DatasetManifest) -> str:
    """Return `to_croissant` as the text that is committed beside the manifest."""
    return json.dumps(to_croissant(manifest), indent=1, ensure_ascii=False) + "\n"


def _distribution(manifest: DatasetManifest) -> list[dict]:
    files = []
    for file in download_files(manifest.name):
        local = file.save_as or file.path
        files.append(
            {
                "@type": "cr:FileObject",
                "@id": local.replace(" ", ""),  # mlcroissant refuses an id with a space; the name keeps it
                "name": local,
                "contentUrl": manifest.download.url_template.format(
                    repository=file.repository, commit=file.commit, path=quote(file.path)
                ),
                "contentSize": f"{file.bytes} B",
                "encodingFormat": _FORMATS[PurePosixPath(local).suffix],
                "sha256": file.sha256,
            }
        )
    return files


def _class_counts(manifest: DatasetManifest) -> dict:
    columns = {"scheme": "sc:Text", "class": "sc:Text", "clips": "sc:Integer"}
    return {
        "@type": "cr:RecordSet",
        "@id": "class_counts",
        "name": "class_counts",
        "description": "Clips of each class in each class scheme.",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"class_counts/{column}",
                "name": f"class_counts/{column}",
                "dataType": kind,
            }
            for column, kind in columns.items()
        ],
        "data": [
            {"class_counts/scheme": scheme, "class_counts/class": name, "class_counts/clips": n}
            for scheme, counts in manifest.classes.items()
            for name, n in counts.items()
        ],
    }
