"""Answers, readers' words on them, what staff did, and who is signed in."""

import sqlalchemy as sa
from alembic import op

revision = "001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("asked_at", _TIME, nullable=False, index=True),
        sa.Column("conversation", sa.Text, nullable=False, index=True),
        sa.Column("user", sa.Text, index=True),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("index_version", sa.Text, nullable=False),
        sa.Column("configuration", sa.Text, nullable=False),
    )
    op.create_table(
        "feedback",
        sa.Column("answer", sa.Text, sa.ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
        # Empty for the unknown: a primary key cannot hold NULL.
        sa.Column("user", sa.Text, primary_key=True, index=True),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
    )
    op.create_table(
        "resolutions",
        sa.Column("answer", sa.Text, sa.ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("resolution", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("user", sa.Text),
        sa.Column("at", _TIME, nullable=False),
    )
    op.create_table(
        "staff_log",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at", _TIME, nullable=False, index=True),
        sa.Column("user", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.Text, primary_key=True),
        sa.Column("user", sa.Text, nullable=False, index=True),
        sa.Column("expires_at", _TIME, nullable=False),
    )
