"""A moving-average crossover on the euro's daily reference rates.

Data: the euro foreign exchange reference rates of the European Central Bank, one fixing a day since
1999, in ecb-eur-rates.csv beside this file. EURUSD is the price of one euro in dollars, and so on.

Conventions:
  - long or flat: long the euro while the fast simple average is above the slow one, else out of the market;
  - a signal known at a day's fixing is traded at that fixing, so the first return it earns is the next one's;
  - every figure covers first_date to last_date, which begin once the slow average exists: the fixings
    before that only warm the averages up, and buy and hold is measured over the same days;
  - a year is 252 days, the risk-free rate is zero, interest on either currency is left out;
  - a position still held at the end is a trade marked "open", valued at the last fixing.
"""

from __future__ import annotations

import csv
import math
import statistics
import time
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple, Optional

SOURCE = "European Central Bank"
RATES_FILE = Path(__file__).resolve().parent / "ecb-eur-rates.csv"
DAYS_PER_YEAR = 252
BASIS_POINTS = 10_000


class Fixing(NamedTuple):
    """One day's reference rate, exact as published."""

    day: date
    rate: Decimal


def backtest(
    symbol: str = "EURUSD",
    fast: int = 20,
    slow: int = 100,
    cost_bps: float = 0,
    pace_seconds: float = 0.05,
    csv_path: Optional[str] = None,
) -> dict[str, Any]:
    """Backtest a long/flat moving-average crossover and return its figures as plain JSON values.

    symbol: a column of the rates file: EURUSD, EURJPY, EURGBP or EURCHF.
    fast, slow: the lengths of the two averages in fixings, fast below slow.
    cost_bps: what each entry and each exit costs, in basis points of the position.
    pace_seconds: seconds of pause after each year's line, so that a demo can be watched; 0 for none.
    csv_path: another rates file of the same shape; the one beside this module when left out.
    """
    check_parameters(fast, slow, cost_bps, pace_seconds)
    path = Path(csv_path) if csv_path is not None else RATES_FILE
    fixings = load_fixings(path, symbol)
    # Two measured returns are the fewest a standard deviation needs.
    if len(fixings) < slow + 2:
        raise ValueError(f"{symbol} has {len(fixings)} fixings, but slow = {slow} needs at least {slow + 2}")
    log(f"loaded {len(fixings)} {symbol} fixings, {fixings[0].day} to {fixings[-1].day} ({SOURCE})")

    signals = find_signals([fixing.rate for fixing in fixings], fast, slow)
    measured = fixings[slow - 1 :]
    log(f"long while the {fast}-day average is above the {slow}-day, measured from {measured[0].day}")

    kept = 1 - cost_bps / BASIS_POINTS
    returns = strategy_returns(measured, signals, kept)
    log_years(measured, returns, pace_seconds)
    figures = summarise(measured, returns, find_trades(measured, signals, kept))
    result = {"symbol": symbol, "fast": fast, "slow": slow, **figures, "source": SOURCE}
    log_finish(result)
    return result


def check_parameters(fast: int, slow: int, cost_bps: float, pace_seconds: float) -> None:
    """Refuse values no backtest could use, before any file is read."""
    for name, window in (("fast", fast), ("slow", slow)):
        check_window(name, window)
    if fast >= slow:
        raise ValueError(f"fast must be less than slow, but fast is {fast} and slow is {slow}")
    if not is_number(cost_bps) or not 0 <= cost_bps < BASIS_POINTS:
        raise ValueError(f"cost_bps must be a number from 0 to below {BASIS_POINTS}, not {cost_bps!r}")
    if not is_number(pace_seconds) or not 0 <= pace_seconds < math.inf:
        raise ValueError(f"pace_seconds must be a number of seconds, 0 or more, not {pace_seconds!r}")


def check_window(name: str, window: int) -> None:
    """Refuse a window that is not a positive whole number."""
    # True is an int in Python, but nobody means it as a window.
    if not isinstance(window, int) or isinstance(window, bool) or window < 1:
        raise ValueError(f"{name} must be a positive whole number of fixings, not {window!r}")


def is_number(value: object) -> bool:
    """Whether a value is an int or a float, and not a bool."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def load_fixings(path: Path, symbol: str) -> list[Fixing]:
    """Read one symbol's fixings in date order, leaving out the days that have none."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        allowed = [name for name in reader.fieldnames or [] if name != "date"]
        if symbol not in allowed:
            raise ValueError(f"unknown symbol {symbol!r}; allowed are {', '.join(allowed)}")
        rows = [(date.fromisoformat(row["date"]), read_rate(row[symbol], row["date"])) for row in reader]
    fixings = [Fixing(day, rate) for day, rate in rows if rate is not None]
    check_order(fixings)
    return fixings


def read_rate(cell: Optional[str], day: str) -> Optional[Decimal]:
    """Read one cell: None for a missing, blank or N/A one, an error for anything but a positive rate."""
    text = (cell or "").strip()
    if text in ("", "N/A"):
        return None
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal("NaN")
    if not rate.is_finite() or rate <= 0:
        raise ValueError(f"the rate of {day} must be a positive number or blank, not {text!r}")
    return rate


def check_order(fixings: list[Fixing]) -> None:
    """Refuse dates that do not rise, since a later row would leak into an earlier signal."""
    for earlier, later in zip(fixings, fixings[1:]):
        if later.day <= earlier.day:
            raise ValueError(f"dates must rise from row to row, but {later.day} follows {earlier.day}")


def find_signals(rates: list[Decimal], fast: int, slow: int) -> list[bool]:
    """Whether to be long, known at each fixing from the first with a slow average."""
    fast_sums = moving_sums(rates, fast)[slow - fast :]
    slow_sums = moving_sums(rates, slow)
    # Averages compared through exact decimal sums: a tie is a tie (flat), never a rounding error.
    return [fast_sum * slow > slow_sum * fast for fast_sum, slow_sum in zip(fast_sums, slow_sums)]


def moving_sums(rates: list[Decimal], window: int) -> list[Decimal]:
    """The sum of each full window: add the newest rate, drop the oldest."""
    changes = [newest - oldest for newest, oldest in zip(rates[window:], rates)]
    return list(accumulate(changes, initial=sum(rates[:window], Decimal(0))))


def market_returns(fixings: list[Fixing]) -> list[float]:
    """The return of each fixing over the one before it."""
    return [float(later.rate / earlier.rate) - 1 for earlier, later in zip(fixings, fixings[1:])]


def strategy_returns(fixings: list[Fixing], signals: list[bool], kept: float) -> list[float]:
    """The strategy's daily returns: each is earned on the signal of the fixing before it."""
    returns = []
    was_long = False
    for market, is_long, stays_long in zip(market_returns(fixings), signals, signals[1:]):
        # An entry or an exit keeps this fraction of the equity; the rest is its cost.
        changes = (not was_long) + (not stays_long)
        returns.append((1 + market) * kept**changes - 1 if is_long else 0.0)
        was_long = is_long
    return returns


def find_trades(fixings: list[Fixing], signals: list[bool], kept: float) -> list[dict[str, Any]]:
    """Every trade in order, the last one marked open when the final signal is still long."""
    trades = []
    entry: Optional[Fixing] = None
    for fixing, is_long in zip(fixings, signals):
        if is_long and entry is None:
            entry = fixing
        elif entry is not None and not is_long:
            trades.append(describe_trade(entry, fixing, kept**2, is_open=False))
            entry = None
    # A position entered at the very last fixing has earned nothing yet, so it is no trade.
    if entry is not None and entry is not fixings[-1]:
        trades.append(describe_trade(entry, fixings[-1], kept, is_open=True))
    return trades


def describe_trade(entered: Fixing, left: Fixing, kept: float, is_open: bool) -> dict[str, Any]:
    """One trade as plain JSON values, its return after costs."""
    return {
        "entry_date": entered.day.isoformat(),
        "entry_price": float(entered.rate),
        "exit_date": left.day.isoformat(),
        "exit_price": float(left.rate),
        "return": float(left.rate / entered.rate) * kept - 1,
        "open": is_open,
    }


def summarise(fixings: list[Fixing], returns: list[float], trades: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of the measured period; observations counts its fixings, one more than its returns."""
    total_return = compound(returns)
    return {
        "first_date": fixings[0].day.isoformat(),
        "last_date": fixings[-1].day.isoformat(),
        "observations": len(fixings),
        "trades": len(trades),
        "trade_list": trades,
        "total_return": total_return,
        "annual_return": (1 + total_return) ** (DAYS_PER_YEAR / len(returns)) - 1,
        "sharpe_ratio": sharpe_ratio(returns),
        "maximum_drawdown": maximum_drawdown(returns),
        "buy_and_hold_return": float(fixings[-1].rate / fixings[0].rate) - 1,
    }


def compound(returns: list[float]) -> float:
    """The return of holding through all of these."""
    return math.prod(1 + each for each in returns) - 1


def sharpe_ratio(returns: list[float]) -> Optional[float]:
    """Mean over sample standard deviation, annualised; None when nothing varied, since it is undefined."""
    deviation = statistics.stdev(returns)
    return statistics.fmean(returns) / deviation * math.sqrt(DAYS_PER_YEAR) if deviation > 0 else None


def maximum_drawdown(returns: list[float]) -> float:
    """The deepest fall from an earlier peak, the start included, as a positive fraction."""
    equity = list(accumulate(returns, lambda worth, each: worth * (1 + each), initial=1.0))
    return max(1 - worth / peak for worth, peak in zip(equity, accumulate(equity, max)))


def log_years(fixings: list[Fixing], returns: list[float], pace_seconds: float) -> None:
    """Log each calendar year's return beside the market's, pausing after each line."""
    years: dict[int, list[tuple[float, float]]] = {}
    for fixing, pair in zip(fixings[1:], zip(returns, market_returns(fixings))):
        years.setdefault(fixing.day.year, []).append(pair)
    for year, pairs in years.items():
        strategy, market = (compound(list(series)) for series in zip(*pairs))
        log(f"{year}: strategy {strategy:+8.2%}, buy and hold {market:+8.2%}")
        time.sleep(pace_seconds)


def log_finish(result: dict[str, Any]) -> None:
    """Log the headline figures."""
    log(
        f"finished: {result['trades']} trades, total return {result['total_return']:+.2%}, maximum "
        f"drawdown {result['maximum_drawdown']:.2%}, buy and hold {result['buy_and_hold_return']:+.2%}"
    )


def log(line: str) -> None:
    """Print one line at once, so that whoever follows the log sees it as it happens."""
    print(line, flush=True)
