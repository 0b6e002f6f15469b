"""Where everything is."""

from __future__ import annotations

from typing import Final

from django.contrib import admin
from django.urls import include, path

from app.frameworks.django import views

mounted: Final = [
    path("items/<str:item_id>", views.show_item),
    path("boom", views.boom),
]
urlpatterns: Final = [
    path("admin/", admin.site.urls),
    path("mounted/", include(mounted)),
    path("", views.index),
    path("items", views.create_item),
    path("items/<str:item_id>", views.show_item),
    path("sync/items/<str:item_id>", views.show_item_in_thread),
    path("numbers/<int:number>", views.show_number),
    path("text", views.text),
    path("page", views.page),
    path("moved", views.moved),
    path("stream", views.stream),
    path("boom", views.boom),
    path("boom/text", views.boom_text),
    path("boom/page", views.boom_page),
    path("sync/boom", views.boom_in_thread),
    path("conflict", views.conflicting),
    path("sync/conflict", views.conflicting_in_thread),
    path("denied", views.denied),
    path("closed", views.closed),
    path("unexplained", views.unexplained),
    path("maintenance", views.maintenance),
    path("handled", views.handled),
    path("handled/miss", views.handled_miss),
    path("stream/boom", views.stream_boom),
]
