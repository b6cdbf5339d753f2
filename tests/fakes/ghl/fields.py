"""Which fields and query parameters the HighLevel API v2 accepts; anything else is answered with
422.

HighLevel OpenAPI: contacts and opportunities Version 2021-07-28, conversations and calendars
Version 2021-04-15.
"""

# The versions that each resource takes.
VERSIONS = {
    "contacts": {"2021-07-28", "v3"},
    "opportunities": {"2021-07-28", "v3"},
    "workflows": {"2021-07-28", "v3"},
    "oauth": {"2021-07-28", "v3"},
    "conversations": {"2021-04-15", "v3"},
    "calendars": {"2021-04-15", "v3"},
}

CONTACT_UPSERT = {
    "locationId": "string",
    "firstName": "string",
    "lastName": "string",
    "name": "string",
    "email": "email",
    "phone": "string",
    "gender": "string",
    "address1": "string",
    "city": "string",
    "state": "string",
    "postalCode": "string",
    "country": "string",
    "website": "string",
    "timezone": "string",
    "companyName": "string",
    "source": "string",
    "dateOfBirth": "any",
    "assignedTo": "string",
    "dnd": "boolean",
    "dndSettings": "object",
    "inboundDndSettings": "object",
    "tags": "array",
    "customFields": "array",
    "createNewIfDuplicateAllowed": "boolean",
}
CONTACT_CREATE = {
    name: kind for name, kind in CONTACT_UPSERT.items() if name != "createNewIfDuplicateAllowed"
}
CONTACT_UPDATE = {
    name: kind
    for name, kind in CONTACT_UPSERT.items()
    if name not in ("locationId", "gender", "companyName", "createNewIfDuplicateAllowed")
}
CONTACT_SEARCH = {
    "locationId": "string",
    "page": "number",
    "pageLimit": "number",
    "searchAfter": "array",
    "query": "string",
    "filters": "array",
    "sort": "array",
}
CONTACT_SORT_FIELDS = (
    "dateAdded",
    "dateUpdated",
    "email",
    "dnd",
    "source",
    "firstNameLowerCase",
    "lastNameLowerCase",
)
CONTACT_TAGS = {"tags": "array"}
CONTACT_WORKFLOW = {"eventStartTime": "string"}
# Every other field has to be left out where there is no value.
NULLABLE = {
    "firstName",
    "lastName",
    "name",
    "email",
    "phone",
    "address1",
    "city",
    "state",
    "website",
    "timezone",
    "companyName",
    "dateOfBirth",
}
NULLABLE_IN_UPDATE = NULLABLE | {"source", "assignedTo"}
# What the elements of an array are; a custom field is an object with an id.
ELEMENTS = {
    "tags": "string",
    "attachments": "string",
    "emailCc": "email",
    "emailBcc": "email",
    "customFields": "object",
}
DND_FIELDS = {"status", "message", "code"}
DND_CHANNELS = {"Call", "Email", "SMS", "WhatsApp", "GMB", "FB"}
DND_STATUSES = {"active", "inactive", "permanent"}

# The specification marks subType and status as required; the service does not demand them.
MESSAGE_SEND = {
    "type": "string",
    "contactId": "string",
    "subType": "any",
    "status": "string",
    "subject": "string",
    "html": "string",
    "message": "string",
    "emailFrom": "email",
    "emailTo": "email",
    "emailCc": "array",
    "emailBcc": "array",
    "attachments": "array",
    "replyMessageId": "string",
    "threadId": "string",
    "emailReplyMode": "string",
    "templateId": "string",
    "scheduledTimestamp": "number",
    "conversationProviderId": "string",
    "customSubtypeId": "string",
    "appointmentId": "string",
    "fromNumber": "string",
    "toNumber": "string",
    "forward": "object",
    "usesNativeSchedulingAi": "boolean",
    "optimizationPeriod": "string",
}
MESSAGE_TYPES = ("SMS", "RCS", "Email", "WhatsApp", "IG", "FB", "Custom", "Live_Chat", "TIKTOK")
EMAIL_REPLY_MODES = ("reply", "reply_all")
MESSAGE_ENUMS = {
    "type": MESSAGE_TYPES,
    "emailReplyMode": EMAIL_REPLY_MODES,
    "status": ("delivered", "failed", "pending", "read"),
    "optimizationPeriod": ("24h", "48h", "72h"),
}

DUPLICATE_QUERY = {"locationId", "number", "email"}
CONVERSATION_SEARCH_QUERY = {
    "locationId",
    "contactId",
    "assignedTo",
    "followers",
    "mentions",
    "query",
    "sort",
    "startAfterDate",
    "id",
    "limit",
    "lastMessageType",
    "lastMessageAction",
    "lastMessageDirection",
    "status",
    "sortBy",
    "sortScoreProfile",
    "scoreProfile",
    "scoreProfileMin",
    "scoreProfileMax",
    "startDate",
    "endDate",
}
CONVERSATION_MESSAGES_QUERY = {"lastMessageId", "limit", "type"}
MESSAGE_EXPORT_QUERY = {
    "locationId",
    "limit",
    "cursor",
    "sortBy",
    "sortOrder",
    "conversationId",
    "contactId",
    "channel",
    "startDate",
    "endDate",
}
CONVERSATION_SEARCH_ENUMS = {
    "sort": ("asc", "desc"),
    "status": ("all", "read", "unread", "starred", "recents"),
    "sortBy": (
        "last_manual_message_date",
        "last_message_date",
        "score_profile",
        "overdue_at",
        "due_at",
    ),
    "lastMessageAction": ("automated", "manual"),
    "lastMessageDirection": ("inbound", "outbound"),
}
EXPORT_CHANNELS = ("Call", "SMS", "Email", "WhatsApp", "Instagram", "Facebook")
EXPORT_SORTS = ("createdAt", "updatedAt")

# The 2021-07-28 specification names these five in snake_case; the service has been seen to accept
# only camelCase.
OPPORTUNITY_QUERY_NAMES = {
    "locationId": "location_id",
    "pipelineId": "pipeline_id",
    "pipelineStageId": "pipeline_stage_id",
    "contactId": "contact_id",
    "assignedTo": "assigned_to",
}
OPPORTUNITY_QUERY = {
    "q",
    "status",
    "campaignId",
    "id",
    "order",
    "date",
    "endDate",
    "startAfter",
    "startAfterId",
    "country",
    "page",
    "limit",
    "getTasks",
    "getNotes",
    "getCalendarEvents",
}
OPPORTUNITY_STATUSES = ("open", "won", "lost", "abandoned", "all")

CALENDAR_EVENTS_QUERY = {"locationId", "userId", "calendarId", "groupId", "startTime", "endTime"}
LOCATION_QUERY = {"locationId"}
