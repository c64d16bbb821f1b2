/** Texts of the pages of account. */
export const account = {}
