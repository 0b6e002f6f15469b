"""What the admin keeps in the database."""

from __future__ import annotations

from django.db import models


class Article(models.Model):
    """An article on the shelf."""

    name = models.CharField(max_length=100)
    price_cents = models.PositiveIntegerField()
    stock = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        """Name it in the admin's lists."""
        return str(self.name)
