"""How a command tells what it posted: event, place in the log, and whether it had been there."""

from __future__ import annotations

from ledger.carbon.info import Posted
from ledger.cli.call import Call
from ledger.cli.output import show
from ledger.log.names import event_ref


def show_posted(call: Call, posted: Posted, text: str, **more: object) -> None:
    """Answer with the last event of what was posted; `more` are further members of the JSON."""
    event = event_ref(posted.stream, posted.last)
    value = {
        **more,
        "event": event,
        "index": posted.index,
        "first": posted.first,
        "count": posted.count,
        "repeated": posted.repeated,
    }
    where = f"{event}, entry {posted.index} of the log"
    show(call, value, f"{text}\n  {where}")
