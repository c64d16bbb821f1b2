/** Texts of the pages of help. */
export const help = {}
