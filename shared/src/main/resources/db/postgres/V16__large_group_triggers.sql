-- The triggers for the functions of V13. A migration of their own: V13 locks conversation, this locks member, and sends, which hold rows of both, must not meet
-- one transaction that wants the two.
CREATE TRIGGER large_members_join AFTER INSERT ON member
    REFERENCING NEW TABLE AS joined
    FOR EACH STATEMENT EXECUTE FUNCTION large_members_join();
CREATE TRIGGER large_member_changes AFTER UPDATE OF left_at, joined_seq ON member
    FOR EACH ROW WHEN (OLD.left_at IS DISTINCT FROM NEW.left_at OR OLD.joined_seq <> NEW.joined_seq)
    EXECUTE FUNCTION large_member_changes();
