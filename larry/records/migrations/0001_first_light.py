"""First light: every table of the record, and the one row of the estate; the guards are laid right after."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def make_estate(apps: Any, schema_editor: Any) -> None:
    """The row in which those who change a graph at once meet."""
    apps.get_model("larry", "Estate").objects.using(schema_editor.connection.alias).get_or_create(id=1)


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Rollout",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("reason", models.TextField()),
                ("actor", models.CharField(max_length=200)),
                ("recorded_at", models.DateTimeField()),
                ("plan_digest", models.CharField(max_length=64)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="rollout_has_a_reason"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=63)),
                ("name", models.CharField(max_length=200)),
                ("name_folded", models.CharField(max_length=400)),
                ("description", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("parameters", models.JSONField(default=dict)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("key", ""), _negated=True),
                            models.Q(("name", ""), _negated=True),
                            models.Q(("name_folded", ""), _negated=True),
                        ),
                        name="customer_has_a_key_and_a_name",
                    ),
                    models.UniqueConstraint(fields=("key",), name="customer_key_is_unique"),
                    models.UniqueConstraint(fields=("name_folded",), name="customer_name_is_unique"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Service",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=63)),
                ("name", models.CharField(max_length=200)),
                ("name_folded", models.CharField(max_length=400)),
                ("description", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("sharing", models.CharField(default="host", max_length=16)),
                ("category", models.CharField(blank=True, default="", max_length=200)),
                ("tools", models.JSONField(default=dict)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("key", ""), _negated=True),
                            models.Q(("name", ""), _negated=True),
                            models.Q(("name_folded", ""), _negated=True),
                        ),
                        name="service_has_a_key_and_a_name",
                    ),
                    models.UniqueConstraint(fields=("key",), name="service_key_is_unique"),
                    models.UniqueConstraint(fields=("name_folded",), name="service_name_is_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("sharing__in", ["host", "instance"])),
                        name="service_is_shared_by_host_or_instance",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Role",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=63)),
                ("name", models.CharField(max_length=200)),
                ("name_folded", models.CharField(max_length=400)),
                ("description", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("floor", models.JSONField(default=dict)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("key", ""), _negated=True),
                            models.Q(("name", ""), _negated=True),
                            models.Q(("name_folded", ""), _negated=True),
                        ),
                        name="role_has_a_key_and_a_name",
                    ),
                    models.UniqueConstraint(fields=("key",), name="role_key_is_unique"),
                    models.UniqueConstraint(fields=("name_folded",), name="role_name_is_unique"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Estate",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("graph_version", models.BigIntegerField(default=0)),
                ("seal_key", models.TextField(blank=True, default="")),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="there_is_one_estate")],
            },
        ),
        migrations.CreateModel(
            name="Grade",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=63)),
                ("name", models.CharField(max_length=200)),
                ("name_folded", models.CharField(max_length=400)),
                ("description", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("rank", models.IntegerField()),
                ("floor", models.JSONField(default=dict)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("key", ""), _negated=True),
                            models.Q(("name", ""), _negated=True),
                            models.Q(("name_folded", ""), _negated=True),
                        ),
                        name="grade_has_a_key_and_a_name",
                    ),
                    models.UniqueConstraint(fields=("key",), name="grade_key_is_unique"),
                    models.UniqueConstraint(fields=("name_folded",), name="grade_name_is_unique"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Pool",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=63)),
                ("name", models.CharField(max_length=200)),
                ("name_folded", models.CharField(max_length=400)),
                ("description", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("key", ""), _negated=True),
                            models.Q(("name", ""), _negated=True),
                            models.Q(("name_folded", ""), _negated=True),
                        ),
                        name="pool_has_a_key_and_a_name",
                    ),
                    models.UniqueConstraint(fields=("key",), name="pool_key_is_unique"),
                    models.UniqueConstraint(fields=("name_folded",), name="pool_name_is_unique"),
                ],
            },
        ),
        migrations.CreateModel(
            name="NodeDocument",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("body", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Secret",
            fields=[
                ("hmac", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("ciphertext", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Activity",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(max_length=200)),
                ("verb", models.CharField(max_length=63)),
                ("noun", models.CharField(max_length=63)),
                ("address", models.CharField(max_length=255)),
                ("reason", models.TextField(blank=True, default="")),
                ("before", models.JSONField(blank=True, null=True)),
                ("after", models.JSONField(blank=True, null=True)),
                (
                    "rollout",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="activities",
                        to="larry.rollout",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["noun", "address", "-id"], name="activity_by_noun_and_address")],
            },
        ),
        migrations.CreateModel(
            name="App",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=63)),
                ("name", models.CharField(max_length=200)),
                ("name_folded", models.CharField(max_length=400)),
                ("description", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="apps", to="larry.customer"
                    ),
                ),
                ("parameters", models.JSONField(default=dict)),
                ("service_level", models.CharField(blank=True, default="", max_length=200)),
                ("importance", models.IntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("key", ""), _negated=True),
                            models.Q(("name", ""), _negated=True),
                            models.Q(("name_folded", ""), _negated=True),
                        ),
                        name="app_has_a_key_and_a_name",
                    ),
                    models.UniqueConstraint(fields=("customer", "key"), name="app_key_is_unique_in_its_customer"),
                    models.UniqueConstraint(
                        fields=("customer", "name_folded"), name="app_name_is_unique_in_its_customer"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Parameter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="parameters", to="larry.service"
                    ),
                ),
                ("position", models.IntegerField()),
                ("name", models.CharField(max_length=200)),
                ("type", models.CharField(default="any", max_length=16)),
                ("merge", models.CharField(default="replace", max_length=16)),
                ("sensitive", models.BooleanField(default=False)),
                ("description", models.TextField(blank=True, default="")),
                ("has_default", models.BooleanField(default=False)),
                ("default", models.JSONField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("service", "name"), name="service_declares_a_parameter_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("type__in", ["any", "string", "integer", "number", "boolean", "list", "map"])
                        ),
                        name="parameter_type_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("merge__in", ["replace", "deep"])), name="parameter_merge_is_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("has_default", True), ("default__isnull", True), _connector="OR"),
                        name="parameter_without_default_holds_none",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Host",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=63)),
                ("name", models.CharField(max_length=200)),
                ("name_folded", models.CharField(max_length=400)),
                ("description", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("addresses", models.JSONField(default=list)),
                ("labels", models.JSONField(default=dict)),
                ("data", models.JSONField(default=dict)),
                ("capacity", models.JSONField(default=dict)),
                (
                    "grade",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hosts",
                        to="larry.grade",
                    ),
                ),
                ("roles", models.ManyToManyField(blank=True, related_name="hosts", to="larry.role")),
                ("pools", models.ManyToManyField(blank=True, related_name="hosts", to="larry.pool")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("key", ""), _negated=True),
                            models.Q(("name", ""), _negated=True),
                            models.Q(("name_folded", ""), _negated=True),
                        ),
                        name="host_has_a_key_and_a_name",
                    ),
                    models.UniqueConstraint(fields=("key",), name="host_key_is_unique"),
                    models.UniqueConstraint(fields=("name_folded",), name="host_name_is_unique"),
                ],
            },
        ),
        migrations.CreateModel(
            name="EdgeVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="edge_versions", to="larry.service"
                    ),
                ),
                ("kind", models.CharField(max_length=16)),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="larry.service"
                    ),
                ),
                ("where", models.JSONField(blank=True, null=True)),
                ("removed", models.BooleanField(default=False)),
                ("recorded_at", models.DateTimeField()),
                (
                    "activity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="edge_versions", to="larry.activity"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["needs", "audits"])), name="edge_version_needs_or_audits"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Instance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=63)),
                ("name", models.CharField(max_length=200)),
                ("name_folded", models.CharField(max_length=400)),
                ("description", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "app",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="instances", to="larry.app"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="instances", to="larry.customer"
                    ),
                ),
                ("path", models.CharField(max_length=191)),
                ("parameters", models.JSONField(default=dict)),
                ("copies", models.IntegerField(default=1)),
                ("demand", models.JSONField(default=dict)),
                (
                    "template",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="followers",
                        to="larry.instance",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("key", ""), _negated=True),
                            models.Q(("name", ""), _negated=True),
                            models.Q(("name_folded", ""), _negated=True),
                        ),
                        name="instance_has_a_key_and_a_name",
                    ),
                    models.UniqueConstraint(fields=("path",), name="instance_path_is_unique"),
                    models.UniqueConstraint(fields=("app", "key"), name="instance_key_is_unique_in_its_app"),
                    models.UniqueConstraint(fields=("app", "name_folded"), name="instance_name_is_unique_in_its_app"),
                    models.CheckConstraint(
                        condition=models.Q(("copies__gte", 0)), name="instance_copies_are_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("template__isnull", True),
                            models.Q(("template", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="instance_is_not_its_own_template",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Edge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="edges", to="larry.service"
                    ),
                ),
                ("kind", models.CharField(max_length=16)),
                (
                    "target",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="edges_in", to="larry.service"
                    ),
                ),
                ("where_kind", models.CharField(blank=True, max_length=16, null=True)),
                (
                    "where_host",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="larry.host",
                    ),
                ),
                (
                    "where_role",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="larry.role",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("service", "kind", "target"), name="edge_is_stated_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["needs", "audits"])), name="edge_needs_or_audits"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("service", models.F("target")), _negated=True),
                        name="edge_leads_to_another_service",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "needs"),
                                ("where_kind__isnull", True),
                                ("where_host__isnull", True),
                                ("where_role__isnull", True),
                            ),
                            models.Q(
                                ("kind", "audits"),
                                ("where_kind__in", ["same-host", "manual"]),
                                ("where_kind__isnull", False),
                                ("where_host__isnull", True),
                                ("where_role__isnull", True),
                            ),
                            models.Q(
                                ("kind", "audits"),
                                ("where_kind__in", ["host"]),
                                ("where_kind__isnull", False),
                                ("where_host__isnull", False),
                                ("where_role__isnull", True),
                            ),
                            models.Q(
                                ("kind", "audits"),
                                ("where_kind__in", ["role"]),
                                ("where_kind__isnull", False),
                                ("where_host__isnull", True),
                                ("where_role__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="edge_where_fits_its_kind",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NodeSegment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="segments", to="larry.host"
                    ),
                ),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField(blank=True, null=True)),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="segments", to="larry.nodedocument"
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("host", "start"), name="node_segment_start_is_unique_on_its_host"),
                    models.CheckConstraint(
                        condition=models.Q(("end__isnull", True), ("end__gt", models.F("start")), _connector="OR"),
                        name="node_segment_ends_after_start",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Deployable",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deployables", to="larry.instance"
                    ),
                ),
                ("document", models.TextField()),
                ("taken_at", models.DateTimeField()),
                ("taken_by", models.CharField(max_length=200)),
            ],
            options={
                "indexes": [models.Index(fields=["instance", "-taken_at"], name="deployable_by_instance")],
            },
        ),
        migrations.CreateModel(
            name="Requirement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="requirements", to="larry.instance"
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="requirements", to="larry.service"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("instance", "service"), name="instance_requires_a_service_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Deployment",
            fields=[
                ("id", models.CharField(max_length=16, primary_key=True, serialize=False)),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deployments", to="larry.instance"
                    ),
                ),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deployments", to="larry.host"
                    ),
                ),
                (
                    "deployable",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deployments", to="larry.deployable"
                    ),
                ),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField(blank=True, null=True)),
                ("deactivated_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.TextField()),
                (
                    "rollout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deployments", to="larry.rollout"
                    ),
                ),
                (
                    "continues",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="continuations",
                        to="larry.deployment",
                    ),
                ),
                ("place", models.JSONField(default=dict)),
                ("uncovered", models.JSONField(default=list)),
                ("ordinal", models.IntegerField()),
                ("version", models.IntegerField(default=1)),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["host", "end"], name="deployment_by_host_and_end"),
                    models.Index(fields=["end"], name="deployment_by_end"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("instance", "host", "ordinal"), name="deployment_ordinal_is_unique_in_its_lane"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("end__isnull", True), ("end__gt", models.F("start")), _connector="OR"),
                        name="deployment_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="deployment_has_a_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("continues__isnull", True),
                            models.Q(("continues", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="deployment_does_not_continue_itself",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeployedService",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "deployment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deployed_services",
                        to="larry.deployment",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deployed_services",
                        to="larry.service",
                    ),
                ),
                ("service_key", models.CharField(max_length=63)),
                (
                    "host",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deployed_services", to="larry.host"
                    ),
                ),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField(blank=True, null=True)),
                ("deactivated", models.BooleanField(default=False)),
                ("cause", models.CharField(max_length=16)),
                ("subjects", models.JSONField(default=list)),
                ("elsewhere", models.JSONField(default=list)),
            ],
            options={
                "indexes": [models.Index(fields=["host", "end"], name="deployed_service_host_and_end")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("deployment", "service_key", "host"), name="deployment_has_a_service_on_a_host_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("end__isnull", True), ("end__gt", models.F("start")), _connector="OR"),
                        name="deployed_service_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cause__in", ["required", "needed", "audits"])),
                        name="deployed_service_cause_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeploymentVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "deployment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="larry.deployment"
                    ),
                ),
                ("version", models.IntegerField()),
                (
                    "host",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="larry.host"),
                ),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField(blank=True, null=True)),
                ("deactivated_at", models.DateTimeField(blank=True, null=True)),
                (
                    "rollout",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="larry.rollout",
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("deployment", "version"), name="deployment_version_is_recorded_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("end__isnull", True), ("end__gt", models.F("start")), _connector="OR"),
                        name="deployment_version_ends_after_start",
                    ),
                ],
            },
        ),
        migrations.RunPython(make_estate, migrations.RunPython.noop, elidable=False),
    ]
