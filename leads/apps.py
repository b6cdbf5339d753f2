from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self) -> None:
        from caio_project.lib.webhooks_out.person_details import register_reader
        from leads.identity.contact_card import read_contact_card

        register_reader(read_contact_card)
