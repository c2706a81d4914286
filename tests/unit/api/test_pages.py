"""What the public pages show of a ledger that continues another log, and of masses below a tonne."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final, cast

import msgspec
import pytest

from api.routes import pages
from api.sealed import gas_rows, weight
from ledger.carbon.info import EarlierInfo, LedgerStatus
from ledger.carbon.seal.info import SealInfo
from ledger.log.seals import Amounts, CompanyLine, Sums
from ledger.service import Ledger

HASH: Final = 64 * "0"
TONNE: Final = 1_000_000_000
WHOLE: Final = EarlierInfo(
    origin="ledger.example/log", log_key="k", size=16, root=HASH, signed_size=16
)
CUT: Final = msgspec.structs.replace(WHOLE, origin="ledger.example/second", size=4, signed_size=7)


def sums(mass_mg: int) -> Sums:
    return {"CO2": Amounts(biogenic="0", emitted=str(mass_mg), removed="0")}


def seal(number: int, month: str, size: int, emitted_mg: int) -> SealInfo:
    return SealInfo(
        number=number,
        event=f"operator/seals@{number}",
        index=size + 1,
        view="companies",
        first_month=month,
        last_month=month,
        gwp="AR6",
        rules="2",
        size=size,
        totals=sums(emitted_mg),
        heads_count=9,
        heads_root=HASH,
        companies_count=2,
        companies_root=HASH,
    )


class Sealed:
    """A ledger with a seal of each log and two companies, as the pages ask it."""

    def __init__(self, *earlier: EarlierInfo) -> None:
        self.earlier = list(earlier)
        self.known = [
            seal(1, "2018-01", -5, 81_364_500),
            seal(2, "2018-02", 3, 1_847_159 * TONNE),
        ]

    async def status(self) -> LedgerStatus:
        return LedgerStatus(
            origin="ledger.example/third",
            log_key="k",
            operator="operator",
            area="Park",
            timezone="Asia/Shanghai",
            rules_version="2",
            rules_sha256=HASH,
            size=9,
            events=99,
            root=HASH,
            earlier=self.earlier,
        )

    async def seals(self) -> list[SealInfo]:
        return self.known

    async def seal(self, number: int) -> SealInfo:
        return self.known[number - 1]

    async def seal_companies(self, _number: int) -> list[CompanyLine]:
        return [
            CompanyLine(
                lines_count=1, lines_root=HASH, party=party, streams_root=HASH, sums=sums(mass_mg)
            )
            for party, mass_mg in (("acme", 54_243_000), ("beta", 27_121_500))
        ]


def page(name: str, ledger: Sealed, **asked: Any) -> str:
    """The page's text as a reader sees it."""
    answer = asyncio.run(getattr(pages, name)(ledger=cast("Ledger", ledger), **asked))
    return " ".join(re.sub(r"<[^>]*>", " ", answer.body.decode()).split())


def test_the_first_page_names_the_logs_that_are_continued_and_what_was_lost():
    told = "Continues ledger.example/log , 16 entries, none lost"
    assert told in page("home", Sealed(WHOLE))
    more = f"{told}; ledger.example/second , 4 of 7 entries, 3 lost"
    assert more in page("home", Sealed(WHOLE, CUT))
    assert "Continues" not in page("home", Sealed())


def test_a_seal_of_an_earlier_log_is_told_with_that_logs_numbers():
    listed, one = page("seals", Sealed(WHOLE)), page("seal", Sealed(WHOLE), number=1)
    assert "11 of ledger.example/log" in listed
    told = "log size 11 of ledger.example/log; entry 12 of the earlier log ledger.example/log holds"
    assert told in one
    assert "log size 3; entry 4 holds" in page("seal", Sealed(WHOLE), number=2)
    for text in (listed, one):
        assert re.findall(r" -\d", text) == []


def test_what_is_below_a_tonne_is_not_cut_to_thousandths_of_one():
    listed, one = page("seals", Sealed(WHOLE)), page("seal", Sealed(WHOLE), number=1)
    assert "81.364 kg" in listed
    assert "1 847 159.000 t" in listed
    for mass in ("54.243 kg", "27.122 kg", "81.364 kg"):
        assert mass in one
    # 54.243 and 27.122 are not 81.364.
    assert "rounded to three places by itself" in one


@pytest.mark.parametrize(
    ("mass_mg", "text"),
    [(0, "0 t"), (7, "7 mg"), (54_243_000, "54.243 kg"), (1_234 * TONNE, "1 234.000 t")],
)
def test_a_mass_is_in_one_piece_with_its_unit(mass_mg: int, text: str):
    assert weight(mass_mg) == text.replace(" ", "\N{NO-BREAK SPACE}")


def test_the_amounts_of_one_row_are_in_one_unit():
    parties = [
        CompanyLine(
            lines_count=1, lines_root=HASH, party="acme", streams_root=HASH, sums=sums(4_000_000)
        )
    ]
    [row] = gas_rows(seal(1, "2018-01", 3, 2 * TONNE), parties)
    shown = [
        text.replace("\N{NO-BREAK SPACE}", " ") for text in (row.listed, row.bridge, row.total)
    ]
    assert shown == ["0.004 t", "1.996 t", "2.000 t"]
