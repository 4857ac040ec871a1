#include "web/texts.h"
#include "base/base.h"

static const Str english[TEXT_COUNT] = {
	[TEXT_THE_SENDER] = STR_INIT("this sender"),
	[TEXT_LANDING_TITLE] = STR_INIT("Stop e-mail from {company}?"),
	[TEXT_LANDING_WHO] = STR_INIT("Your address: {address}"),
	[TEXT_LANDING_STOPS_LABEL] = STR_INIT("What stops"),
	[TEXT_LANDING_STOPS] = STR_INIT(
		"Newsletters, offers, invitations and all other marketing and "
		"sales e-mail from {company}."),
	[TEXT_LANDING_STAYS_LABEL] = STR_INIT("What does not"),
	[TEXT_LANDING_STAYS] = STR_INIT("Messages about something you ordered or asked for."),
	[TEXT_LANDING_BUTTON] = STR_INIT("Unsubscribe"),
	[TEXT_LANDING_NOT_YET] = STR_INIT(
		"Nothing has changed yet. It counts when you press the button."),
	[TEXT_DONE_TITLE] = STR_INIT("You are unsubscribed"),
	[TEXT_DONE_WHO] = STR_INIT("{address} gets no more marketing or sales "
				   "e-mail from {company}. It counts from now on."),
	[TEXT_DONE_LATE] = STR_INIT("A message that was already on its way may still arrive."),
	[TEXT_DONE_CLOSE] = STR_INIT("There is nothing more to do. You can close this page."),
	[TEXT_HONEST_TITLE] = STR_INIT("This link does not work"),
	[TEXT_HONEST_WHY] = STR_INIT(
		"It was cut off or changed on its way to you, or it is not one of "
		"ours. It has not unsubscribed you."),
	[TEXT_HONEST_INSTEAD] = STR_INIT(
		"Type your e-mail address instead, and the e-mail from {company} stops."),
	[TEXT_FORM_LABEL] = STR_INIT("Your e-mail address"),
	[TEXT_FORM_BUTTON] = STR_INIT("Unsubscribe"),
	[TEXT_FORM_TITLE] = STR_INIT("Stop e-mail from {company}"),
	[TEXT_FORM_INVALID] = STR_INIT(
		"This is not a complete e-mail address, so nothing has changed yet. "
		"It looks like name@example.com."),
	[TEXT_FORM_SLOWER] = STR_INIT(
		"Too many addresses were typed from your network in a short time, so this one "
		"has not been taken. Please try again in a minute."),
	[TEXT_BUSY_TITLE] = STR_INIT("Not done yet"),
	[TEXT_BUSY_AGAIN] = STR_INIT(
		"We could not save your unsubscribe just now. You are not unsubscribed yet. "
		"Please try again in a minute."),
};

Str text_get(TextId id)
{
	assert(id < TEXT_COUNT && english[id].len);
	return english[id];
}
