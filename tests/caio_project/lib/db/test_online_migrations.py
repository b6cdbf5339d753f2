"""Operations during which rows are written: done, taken back, and done again where it broke off."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import NotSupportedError, connection, migrations, models
from django.db.migrations.state import ProjectState
from django.db.utils import IntegrityError

from caio_project.lib.db.online_migrations import (
    AddConstraintOnline,
    AddIndexOnline,
    RemoveIndexOnline,
)

TABLE = "lib_tried"
INDEX = models.Index(fields=["size"], name="tried_size")
CHECK = models.CheckConstraint(condition=models.Q(size__gte=0), name="tried_positive")
UNIQUE = models.UniqueConstraint(fields=["name"], name="tried_unique")
UNIQUE_SOME = models.UniqueConstraint(
    fields=["name"], condition=models.Q(size=1), name="tried_unique_some"
)
CONSTRAINTS = (CHECK, UNIQUE, UNIQUE_SOME)


@pytest.fixture
def state(transactional_db: None) -> Iterator[ProjectState]:
    """A table with one row, outside of any transaction."""
    made = migrations.CreateModel(
        "Tried",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("size", models.IntegerField()),
            ("name", models.CharField(max_length=9)),
        ],
    )
    state = ProjectState()
    made.state_forwards("lib", state)
    with connection.schema_editor() as editor:
        made.database_forwards("lib", editor, ProjectState(), state)
    state.apps.get_model("lib", "Tried").objects.create(size=1, name="a")
    yield state
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {TABLE}")


def apply(operation: Any, state: ProjectState, backwards: bool = False) -> ProjectState:
    after = state.clone()
    operation.state_forwards("lib", after)
    with connection.schema_editor(atomic=False) as editor:
        if backwards:
            operation.database_backwards("lib", editor, after, state)
        else:
            operation.database_forwards("lib", editor, state, after)
    return after


def names() -> set[str]:
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, TABLE))


def add_row(state: ProjectState, size: int, name: str) -> None:
    state.apps.get_model("lib", "Tried").objects.create(size=size, name=name)


def test_an_index_comes_and_goes(state: ProjectState) -> None:
    added = AddIndexOnline("tried", INDEX)
    after = apply(added, state)
    assert INDEX.name in names()
    apply(RemoveIndexOnline("tried", INDEX.name), after)
    assert INDEX.name not in names()
    apply(RemoveIndexOnline("tried", INDEX.name), after, backwards=True)
    assert INDEX.name in names()
    apply(added, state, backwards=True)
    assert INDEX.name not in names()


@pytest.mark.parametrize("constraint", CONSTRAINTS, ids=lambda one: one.name)
def test_a_constraint_holds_and_goes(state: ProjectState, constraint: Any) -> None:
    operation = AddConstraintOnline("tried", constraint)
    after = apply(operation, state)
    with pytest.raises(IntegrityError):
        add_row(state, *((-1, "b") if constraint is CHECK else (1, "a")))
    add_row(state, 2, "b")
    assert constraint.name in names()
    apply(operation, state, backwards=True)
    assert constraint.name not in names()
    assert after.models["lib", "tried"].options["constraints"] == [constraint]


@pytest.mark.parametrize("constraint", CONSTRAINTS, ids=lambda one: one.name)
def test_rows_against_it_are_found(state: ProjectState, constraint: Any) -> None:
    add_row(state, *((-1, "b") if constraint is CHECK else (1, "a")))
    with pytest.raises(IntegrityError):
        apply(AddConstraintOnline("tried", constraint), state)
    state.apps.get_model("lib", "Tried").objects.latest("id").delete()
    apply(AddConstraintOnline("tried", constraint), state)  # it goes on after what broke off
    with pytest.raises(IntegrityError):
        add_row(state, *((-1, "b") if constraint is CHECK else (1, "a")))


@pytest.mark.postgres
@pytest.mark.parametrize(
    "operation", [AddIndexOnline("tried", INDEX), AddConstraintOnline("tried", CHECK)]
)
def test_it_is_refused_inside_a_transaction(state: ProjectState, operation: Any) -> None:
    after = state.clone()
    operation.state_forwards("lib", after)
    with pytest.raises(NotSupportedError), connection.schema_editor() as editor:
        operation.database_forwards("lib", editor, state, after)
    assert not {INDEX.name, CHECK.name} & names()
