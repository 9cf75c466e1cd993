package chat.parley.bench;

/** A user and an access token of theirs. */
record Person(String id, String token) {
    /** Without the token. */
    @Override
    public String toString() {
        return "Person[" + id + "]";
    }
}
