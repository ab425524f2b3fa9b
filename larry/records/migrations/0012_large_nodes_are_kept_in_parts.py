from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("larry", "0011_hosts_are_found_by_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="NodePart",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("body", models.TextField()),
            ],
        ),
    ]
