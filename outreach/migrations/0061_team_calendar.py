"""The team's calendar, with the tables that approvals made for it."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("outreach", "0060_shorter_texts"),
        ('approvals', '0043_calendar_moves'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='DayOff',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('day', models.DateField(unique=True)),
                        ('name', models.CharField(blank=True, max_length=80)),
                    ],
                    options={
                        'verbose_name_plural': 'days off',
                        'db_table': 'approvals_dayoff',
                        'ordering': ['day'],
                        'default_permissions': ('view',),
                    },
                ),
                migrations.CreateModel(
                    name='TeamCalendar',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('time_zone', models.CharField(blank=True, max_length=50)),
                        ('country', models.CharField(blank=True, help_text='Whose public holidays are free, such as US.', max_length=2)),
                        ('keeps_public_holidays', models.BooleanField(default=True)),
                        ('hours', models.JSONField(blank=True, default=list, help_text='Seven, Monday first: "08:00-18:00", or "" for closed.')),
                        ('lunch', models.CharField(blank=True, help_text='Such as 12:00-13:00.', max_length=11)),
                        ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                        ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'db_table': 'approvals_teamcalendar',
                        'default_permissions': ('view',),
                    },
                ),
            ],
        ),
    ]
