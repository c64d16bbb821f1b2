/** Texts of the pages of audit. */
export const audit = {}
