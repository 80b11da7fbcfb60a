"""How much each aircraft was used, in Polars."""

import polars as pl

from thresher import asset


@asset(
    description="How much each registered aircraft flew from New York, and what it is.",
    inputs={"flights": "clean.flights", "planes": "clean.planes"},
    columns={
        "tailnum": {
            "type": "varchar",
            "description": "Registration",
            "primary_key": True,
            "references": "clean.planes.tailnum",
        },
        "manufacturer": {"type": "varchar", "description": "Manufacturer", "not_null": True},
        "model": {"type": "varchar", "description": "Model", "not_null": True},
        "age": {
            "type": "bigint",
            "description": "Years since it was made, in 2013",
            "between": {"low": 0, "high": 60},
        },
        "seats": {
            "type": "bigint",
            "description": "Number of seats",
            "not_null": True,
            "at_least": {
                "bound": 20,
                "severity": "warning",
                "message": "no airliner: the airline's own number is somebody else's registration",
            },
        },
        "flights": {"type": "bigint", "description": "Flights that landed", "at_least": 1},
        "days": {"type": "bigint", "description": "Days on which it flew", "between": [1, 365]},
        "hours": {"type": "double", "description": "Hours in the air", "at_least": 0},
        "miles": {"type": "bigint", "description": "Miles flown", "at_least": 1},
    },
    checks=[{"rows": {"at_least": 1}}, {"expression": "days <= flights"}],
)
def aircraft_use(flights: pl.LazyFrame, planes: pl.LazyFrame) -> pl.LazyFrame:
    """Add up the flights of each aircraft; those that are not in the register are left out."""
    flown = flights.filter(pl.col("air_time").is_not_null()).group_by("tailnum")
    use = flown.agg(
        pl.len().cast(pl.Int64).alias("flights"),
        pl.col("flight_date").n_unique().cast(pl.Int64).alias("days"),
        (pl.col("air_time").sum() / 60).round(2).alias("hours"),
        pl.col("distance").sum().alias("miles"),
    )
    register = planes.select(
        "tailnum", "manufacturer", "model", (2013 - pl.col("year")).alias("age"), "seats"
    )
    return register.join(use, on="tailnum", how="inner").sort("tailnum")
