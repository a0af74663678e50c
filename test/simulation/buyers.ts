/** Each buyer buys once, so that his address names his sale. */
export const emailOf = (sale: number): string => `buyer-${sale}@people.example`;
