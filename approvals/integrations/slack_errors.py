"""What Slack's error codes mean, and what a person can do about each. Pure.

Source: docs.slack.dev, "chat.postMessage" and "views.open", errors.
"""

# What no later try can mend.
REFUSALS = ("invalid_blocks", "msg_too_long", "msg_blocks_too_long", "no_text", "invalid_arguments")
# The message is not there any more, or nobody may change it.
GONE = (
    "message_not_found",
    "cant_update_message",
    "edit_window_closed",
    "is_inactive",
    "thread_not_found",
    "cannot_reply_to_message",
)
# A modal opens within three seconds of the press, once.
TRIGGER_OVER = ("expired_trigger_id", "invalid_trigger_id", "exchanged_trigger_id")

NEW_TOKEN = "Install the app again at api.slack.com/apps and set SLACK_BOT_TOKEN."
WHAT_TO_DO = {
    "not_in_channel": "The app is not in {channel}. In that channel type /invite and its name.",
    "channel_not_found": (
        "There is no channel {channel} that the app may see. Correct SLACK_CHANNEL, or invite the "
        "app into the private channel."
    ),
    "is_archived": "{channel} is archived. Restore it, or set another SLACK_CHANNEL.",
    "restricted_action": "Only some people may post in {channel}. Allow the app to post there.",
    "account_inactive": f"The app or its workspace was deactivated. {NEW_TOKEN}",
    "token_revoked": f"The token was revoked. {NEW_TOKEN}",
    "token_expired": f"The token has expired. {NEW_TOKEN}",
    "invalid_auth": "SLACK_BOT_TOKEN is not a token that Slack knows. Copy the bot token (xoxb-…).",
    "not_authed": "SLACK_BOT_TOKEN is not a token that Slack knows. Copy the bot token (xoxb-…).",
    "missing_scope": "The app lacks the scope {needed}. Add it at api.slack.com/apps, then install "
    "the app again.",
}
# Of a message to one person: the others can be reached all the same.
WRONG_USER = (
    "Slack has no {channel} that the app may write to. Correct the Slack user id of {name} "
)
WRONG_USER += "under Team members in the admin."
WHAT_TO_DO_FOR_ONE = {
    "channel_not_found": WRONG_USER,
    "user_not_found": WRONG_USER,
    "cannot_dm_bot": WRONG_USER,
    "user_disabled": "{name} was deactivated in Slack. Correct their row under Team members.",
    "messages_tab_disabled": (
        "The app may not write to {name} directly. At api.slack.com/apps, under App Home, turn on "
        "the Messages Tab."
    ),
    "missing_scope": WHAT_TO_DO["missing_scope"],
}


def what_to_do(code: str, channel: str, needed: str = "") -> str:
    """The sentence for a code that a person can mend; "" for any other."""
    words = WHAT_TO_DO.get(code, "")
    return f"Slack: {words.format(channel=channel, needed=needed)} ({code})" if words else ""


def what_to_do_for_one(code: str, user: str, name: str, needed: str = "") -> str:
    """As `what_to_do`, for a message to the person `name` alone."""
    words = WHAT_TO_DO_FOR_ONE.get(code, "")
    said = words.format(channel=user, name=name, needed=needed)
    return f"Slack: {said} ({code})" if words else ""
