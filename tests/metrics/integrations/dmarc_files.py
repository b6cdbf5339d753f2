"""DMARC aggregate reports as receivers write them."""

from typing import Any
from xml.sax.saxutils import escape

RFC_9990 = ' xmlns="urn:ietf:params:xml:ns:dmarc-2.0"'
BEGIN, END = 1772323200, 1772409599  # 2026-03-01, in UTC


def row(
    ip: str = "192.0.2.7", count: Any = 10, dkim: str = "pass", spf: str = "pass", **more: str
) -> str:
    given = {"disposition": "none", "header_from": "ours.example.com", "signed": "", **more}
    signed = f"<dkim><domain>{given['signed']}</domain><result>pass</result></dkim>"
    return (
        f"<record><row><source_ip>{ip}</source_ip><count>{count}</count><policy_evaluated>"
        f"<disposition>{given['disposition']}</disposition><dkim>{dkim}</dkim><spf>{spf}</spf>"
        f"</policy_evaluated></row><identifiers><header_from>{given['header_from']}</header_from>"
        f"</identifiers><auth_results>{signed if given['signed'] else ''}</auth_results></record>"
    )


def report(*rows: str, schema: str = "", **more: Any) -> bytes:
    given = {"org": "receiver.test", "id": "r-1", "domain": "ours.example.com", **more}
    testing = "<testing>y</testing>" if schema else "<pct>100</pct>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<feedback{schema}><version>1.0</version>'
        f"<report_metadata><org_name>{escape(given['org'])}</org_name>"
        "<email>somebody@receiver.test</email>"
        f"<report_id>{given['id']}</report_id><date_range>"
        f"<begin>{given.get('begin', BEGIN)}</begin>"
        f"<end>{given.get('end', END)}</end></date_range></report_metadata><policy_published>"
        f"<domain>{given['domain']}</domain><p>reject</p>{testing}</policy_published>"
        f"{''.join(rows or (row(),))}</feedback>"
    ).encode()
