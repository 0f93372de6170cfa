"""Checks of the exercises: functions of an answer that return `clipkit.workshop.feedback.Feedback`."""
