/* What is run in every measurement: a static program that does nothing, so that only starting it counts. */
int main(void)
{
	return 0;
}
