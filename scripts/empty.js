// Stands in for react-devtools-core, which ink imports only while somebody debugs it.
export default {}
