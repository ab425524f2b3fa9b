import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("larry", "0005_records_are_redacted"),
    ]

    operations = [
        migrations.CreateModel(
            name="Group",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=150)),
                ("name_folded", models.CharField(max_length=300)),
                ("description", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("name_folded",), name="group_name_is_unique"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name", ""), _negated=True), models.Q(("name_folded", ""), _negated=True)
                        ),
                        name="group_has_a_name",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(max_length=20)),
                ("created_at", models.DateTimeField()),
                (
                    "app",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants",
                        to="larry.app",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants",
                        to="larry.customer",
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants",
                        to="larry.pool",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants",
                        to="larry.user",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grants",
                        to="larry.group",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("group__isnull", True), ("user__isnull", False)),
                            models.Q(("group__isnull", False), ("user__isnull", True)),
                            _connector="OR",
                        ),
                        name="grant_is_to_a_user_or_a_group",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("role__in", ["viewer", "reviewer", "planner", "operator", "administrator", "machine"])
                        ),
                        name="grant_role_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("app__isnull", True), ("customer__isnull", True)),
                            models.Q(("customer__isnull", True), ("pool__isnull", True)),
                            models.Q(("app__isnull", True), ("pool__isnull", True)),
                            _connector="OR",
                        ),
                        name="grant_has_one_scope_at_most",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("role", "machine"), _negated=True),
                            models.Q(("app__isnull", True), ("customer__isnull", True)),
                            _connector="OR",
                        ),
                        name="grant_to_a_machine_is_about_hosts",
                    ),
                    models.UniqueConstraint(
                        django.db.models.functions.comparison.Coalesce("user_id", 0),
                        django.db.models.functions.comparison.Coalesce("group_id", 0),
                        models.F("role"),
                        django.db.models.functions.comparison.Coalesce("customer_id", 0),
                        django.db.models.functions.comparison.Coalesce("app_id", 0),
                        django.db.models.functions.comparison.Coalesce("pool_id", 0),
                        name="grant_is_given_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="memberships", to="larry.group"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="memberships", to="larry.user"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("group", "user"), name="user_is_in_a_group_once")],
            },
        ),
    ]
