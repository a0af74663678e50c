/** Where an asset is served: on the API's host and on every organizer's, so that a page asks its own. */
export const assetPath = (assetId: string): string => `/branding/assets/${assetId}`;
