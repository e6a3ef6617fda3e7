"""One bit flipped anywhere in a log's segments, sealed and not: `log verify` has to find it and say where it is."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import dataclass

from harness.harms import DAMAGED, Harm, places, small_log
from harness.home import Home

from .screen import Line
from .setting import Setting


@dataclass
class Account:
    """How many flips were done, and what became of them."""

    bytes: int
    done: int = 0
    found: int = 0
    located: int = 0


def flipped(setting: Setting) -> Account:
    """Flips one bit at a time in a copy of a log, has it verified, and puts the byte back."""
    home = Home(setting.folder / "flips")
    try:
        log = small_log(home)
        copy = shutil.copytree(log, home.path / "copy" / log.name)
        rng, everywhere = random.Random(setting.seed), places(log)
        account = Account(len(everywhere))
        for place in rng.sample(everywhere, setting.flips):
            harm = Harm(*place, bit=rng.randrange(8))
            harm.do(copy)
            said = home.tollgate("log", "verify", "--json", "--log", copy, expect=None)
            shutil.copyfile(log / "seg" / harm.segment, copy / "seg" / harm.segment)
            account.done += 1
            if said.code in DAMAGED:
                account.found += 1
                account.located += harm.is_located(json.loads(said.out)["fault"])
            if account.done % 50 == 0:
                setting.say(f"bits flipped: {account.located} of {account.done} located")
        home.tollgate("log", "verify", "--log", copy)  # healed, it is whole
        return account
    finally:
        home.close()


def lines(account: Account) -> list[Line]:
    figure = f"{account.found} found, {account.located} located of {account.done}"
    holds = account.done == account.found == account.located > 0
    return [Line(f"a bit flipped at {account.done} of {account.bytes:,} bytes", figure, "all", holds)]
