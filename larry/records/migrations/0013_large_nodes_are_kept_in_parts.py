from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("larry", "0012_tokens_for_feeds"),
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
