from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("larry", "0013_lists_by_index"),
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
